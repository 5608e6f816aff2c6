// Lets kafkajs create a topic, write records and read them back as a group whose members come and go, look after
// offsets, and copy a topic in transactions. Prints a line for each claim that held and exits with 1 at the first that
// did not.
//
//   node e2e.js HOST:PORT TOPIC
'use strict'
const assert = require('node:assert')
const { CompressionTypes, Kafka, logLevel } = require('kafkajs')
const { Reader, eventually } = require('./reader')

const PARTITIONS = 6
const RECORDS = 200 // of each partition and way of writing

const [bootstrap, topic] = process.argv.slice(2)
const kafka = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.NOTHING, retry: { initialRetryTime: 50 } })
const admin = kafka.admin()
const group = `${topic}-readers`

const inOrder = (values) => values.sort((a, b) => a - b)
const numbers = (from, count) => Array.from({ length: count }, (_, n) => ({ value: String(from + n) }))

async function writes() {
  await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }], waitForLeaders: true })
  const producer = kafka.producer({ idempotent: true })
  await producer.connect()
  for (const [round, compression] of [CompressionTypes.None, CompressionTypes.GZIP].entries())
    for (let partition = 0; partition < PARTITIONS; ++partition) {
      const messages = numbers(round * RECORDS, RECORDS).map((m) => ({ ...m, partition }))
      await producer.send({ topic, compression, acks: -1, messages })
    }
  await producer.disconnect()
  const ends = await admin.fetchTopicOffsets(topic)
  assert.deepStrictEqual(ends.map((p) => Number(p.high)), Array(PARTITIONS).fill(2 * RECORDS))
}

async function sharesAsMembersComeAndGo() {
  const members = [new Reader(kafka, topic, group), new Reader(kafka, topic, group)]
  await Promise.all(members.map((m) => m.start()))
  const isShared = () => {
    const all = members.flatMap((m) => m.owned)
    return all.length === PARTITIONS && new Set(all).size === PARTITIONS && members.every((m) => m.owned.length > 0)
  }
  await eventually('two members share the partitions', isShared)
  members.push(new Reader(kafka, topic, group))
  await members[2].start()
  await eventually('three members share the partitions', isShared)
  const seen = new Set()
  await members[0].finish()
  for (const place of members.shift().read) seen.add(place)
  await eventually('those that are left share the partitions', isShared)
  await eventually('everything is read', () => {
    for (const m of members) for (const place of m.read) seen.add(place)
    return seen.size === 2 * RECORDS * PARTITIONS
  })
  await Promise.all(members.map((m) => m.finish()))
}

async function looksAfterOffsets() {
  const described = await admin.describeGroups([group])
  assert.strictEqual(described.groups[0].state, 'Empty')
  assert.ok((await admin.listGroups()).groups.some((g) => g.groupId === group))
  const [{ partitions }] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
  assert.deepStrictEqual(partitions.map((p) => Number(p.offset)), Array(PARTITIONS).fill(2 * RECORDS))
  await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: String(2 * RECORDS - 3) }] })
  const reader = new Reader(kafka, topic, group)
  await reader.start()
  await eventually('the last three are read again', () => reader.read.size === 3)
  await reader.finish()
  await admin.deleteGroups([group])
  assert.ok(!(await admin.listGroups()).groups.some((g) => g.groupId === group))
}

async function copiesInTransactions() {
  const target = `${topic}-copy`
  await admin.createTopics({ topics: [{ topic: target, numPartitions: 1 }], waitForLeaders: true })
  const producer = kafka.producer({ transactionalId: target, idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  for (let round = 0; round < 6; ++round) {
    const transaction = await producer.transaction()
    await transaction.send({ topic: target, messages: numbers(round * 10, 10) })
    const offsets = { consumerGroupId: target, topics: [{ topic, partitions: [{ partition: 0, offset: String(round) }] }] }
    await transaction.sendOffsets(offsets)
    if (round % 2) await transaction.abort()
    else await transaction.commit()
  }
  await producer.disconnect()
  const reader = new Reader(kafka, target, `${target}-readers`)
  await reader.start()
  await eventually('what was committed is read', () => reader.values.length >= 30)
  await reader.finish()
  const committed = [0, 2, 4].flatMap((round) => numbers(round * 10, 10).map((m) => Number(m.value)))
  assert.deepStrictEqual(inOrder(reader.values.map(Number)), committed)
  await eventually('the last committed transaction has its offset', async () => {
    const [{ partitions }] = await admin.fetchOffsets({ groupId: target, topics: [topic] })
    return partitions.find((p) => p.partition === 0).offset === '4'
  })
}

async function main() {
  await admin.connect()
  for (const [claim, check] of [
    ['records are written plain and compressed', writes],
    ['a group reads everything while members come and go', sharesAsMembersComeAndGo],
    ['offsets are told, set, and deleted with their group', looksAfterOffsets],
    ['transactions are read when committed, and not when aborted', copiesInTransactions]
  ]) {
    await check()
    console.log(`ok: ${claim}`)
  }
  await admin.disconnect()
}

main().then(() => process.exit(0), (failure) => {
  console.log('FAILED:', failure)
  process.exit(1)
})
