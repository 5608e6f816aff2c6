// A member of a group that reads and commits. As a program it reads until it has COUNT different records, and says how
// many and how long it waited for one:
//
//   node reader.js BOOTSTRAP TOPIC GROUP COUNT
'use strict'
const { Kafka, logLevel } = require('kafkajs')

const PATIENCE_MS = 60_000

const pause = (ms) => new Promise((done) => setTimeout(done, ms))

async function eventually(what, claim) {
  for (const until = Date.now() + PATIENCE_MS; !(await claim()); await pause(50))
    if (Date.now() > until) throw new Error(`not within ${PATIENCE_MS} ms: ${what}`)
}

class Reader {
  constructor(kafka, topic, groupId) {
    this.topic = topic
    this.owned = []
    this.read = new Set() // places, as "partition/offset"
    this.values = []
    this.longestGapMs = 0
    const timing = { sessionTimeout: 6000, rebalanceTimeout: 10_000, heartbeatInterval: 300, maxWaitTimeInMs: 200 }
    this.consumer = kafka.consumer({ groupId, ...timing })
    this.consumer.on(this.consumer.events.GROUP_JOIN, ({ payload }) => {
      this.owned = payload.memberAssignment[topic] ?? []
    })
  }

  async start() {
    await this.consumer.connect()
    await this.consumer.subscribe({ topic: this.topic, fromBeginning: true })
    await this.consumer.run({ eachMessage: async ({ partition, message }) => this.take(partition, message) })
  }

  take(partition, message) {
    const now = Date.now()
    if (this.lastRead) this.longestGapMs = Math.max(this.longestGapMs, now - this.lastRead)
    this.lastRead = now
    this.read.add(`${partition}/${message.offset}`)
    this.values.push(message.value.toString())
  }

  /** Commits what it has read and leaves. */
  async finish() {
    await this.consumer.disconnect()
    this.owned = []
  }
}

async function main([bootstrap, topic, group, count]) {
  const kafka = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.NOTHING, retry: { retries: 20 } })
  const reader = new Reader(kafka, topic, group)
  await reader.start()
  for (const until = Date.now() + 2 * PATIENCE_MS; reader.read.size < count && Date.now() < until;) await pause(50)
  console.log(`read ${reader.read.size} longest_gap_ms ${reader.longestGapMs}`)
  await reader.finish()
}

module.exports = { Reader, eventually }
if (require.main === module)
  main(process.argv.slice(2)).then(() => process.exit(0), (failure) => {
    console.log('FAILED:', failure)
    process.exit(1)
  })
