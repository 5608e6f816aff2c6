#include "crash.hpp"

namespace troupe::storage_test {

namespace {

constexpr auto both_modes = {sim::power_loss_mode::ordered, sim::power_loss_mode::weakest};

const char* name_of(sim::power_loss_mode mode) {
  return mode == sim::power_loss_mode::ordered ? "ordered" : "weakest";
}

/// One run of a scenario up to a cut, and what is to be true after it.
struct crashed {
  sim::simulated_disk disk;
  witness told;
  std::string last_ops;
  bool finished = false;
};

std::unique_ptr<crashed> run_until(const scenario& s, std::uint64_t cut) {
  auto out = std::make_unique<crashed>();
  auto& d = out->disk;
  BOOST_REQUIRE(!d.make_directories(log_owner::root));
  d.settle();
  log_owner owner{d, s.how, out->told};
  owner.start();
  if (s.arrange)
    s.arrange(owner);
  std::vector<std::string> lines;
  d.trace([&lines](const std::string& line) { lines.push_back(line); });
  d.cut_at(d.ops() + cut);
  try {
    s.routine(owner);
  } catch (const process_died&) {
  }
  out->finished = !d.is_cut();
  d.trace({});
  for (std::size_t i = lines.size() < 6 ? 0 : lines.size() - 6; i < lines.size(); ++i)
    out->last_ops += "\n  " + lines[i];
  return out;
}

/// Starts on `d`, which is cut off after `cut` operations. True when it came to its end before.
bool start_until(sim::simulated_disk& d, const scenario& s, const witness& told, std::uint64_t cut) {
  auto mine = told;
  log_owner owner{d, s.how, mine};
  d.cut_at(d.ops() + cut);
  try {
    owner.start();
    owner.sync();
    owner.checkpoint();
  } catch (const process_died&) {
  }
  return !d.is_cut();
}

/// What a finished start has told the world is less than what was known before, so the old witness stays right.
void crash_recovery(const sim::simulated_disk& after, const scenario& s, const witness& told, std::uint64_t seed) {
  bool finished = false;
  for (std::uint64_t cut = 0; !finished; ++cut) {
    auto d = after.clone();
    finished = start_until(*d, s, told, cut);
    for (const auto mode : both_modes)
      BOOST_TEST_CONTEXT("and again at operation " << cut << " of the start, power loss " << name_of(mode)) {
        auto lost = d->clone();
        lost->power_loss(mode, seed + cut);
        judge(*lost, s.how, told);
      }
  }
}

}  // namespace

void crash_everywhere(const scenario& s) {
  bool finished = false;
  std::uint64_t cut = 0;
  for (; !finished; ++cut) {
    const auto at = run_until(s, cut);
    finished = at->finished;
    BOOST_TEST_CONTEXT("crash at operation " << cut << ", after" << at->last_ops) {
      auto alive = at->disk.clone();
      alive->process_crash();
      judge(*alive, s.how, at->told);
      for (const auto mode : both_modes)
        for (std::uint64_t seed = 0; seed < s.seeds; ++seed)
          BOOST_TEST_CONTEXT("power loss " << name_of(mode) << " seed " << seed) {
            auto lost = at->disk.clone();
            lost->power_loss(mode, seed < 4 ? seed : seed + 1000 * cut);
            if (s.crash_in_recovery && seed == 4 + cut % 4)
              crash_recovery(*lost, s, at->told, seed);
            judge(*lost, s.how, at->told);
          }
    }
  }
  BOOST_TEST(cut > 1U, "the routine makes no operation");
  BOOST_TEST_MESSAGE("crashed at " << cut << " operations");
}

log::options small_segments() {
  log::options how;
  how.segment_bytes = 600;
  how.index_interval_bytes = 150;
  how.segment_index_bytes = 4096;
  how.file_delete_delay = std::chrono::milliseconds{0};
  how.retention = std::chrono::milliseconds{-1};
  return how;
}

}  // namespace troupe::storage_test
