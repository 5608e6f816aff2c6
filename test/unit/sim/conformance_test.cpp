// The same script over a real directory and a simulated disk: what the calls answer must be the same.
#include "runtime/authority/disk.hpp"
#include "runtime/posix/disk.hpp"
#include "runtime/sim/disk.hpp"
#include "runtime/sim/prng.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <map>

namespace {

using namespace troupe;

/// Plays calls on one disk and writes down what they answer.
class player {
 public:
  player(disk& on, std::string root) : on_(on), root_(std::move(root)) {}

  void say(const std::string& line) { transcript += line + "\n"; }
  std::string path(const std::string& name) const { return root_ + "/" + name; }

  void answer(const std::string& what, const error& e) {
    std::string text = "ok";
    for (int code = 1; e && code <= 6; ++code)
      if (is_error(e, error_domain::disk, static_cast<std::uint8_t>(code)))
        text = "error " + std::to_string(code);
    say(what + ": " + text);
  }

  void open(const std::string& handle, const std::string& name, open_mode mode) {
    auto opened = on_.open(path(name), mode);
    answer("open " + name + " " + std::to_string(static_cast<int>(mode)), opened ? error{} : opened.error());
    if (opened)
      handles_[handle] = *opened;
    else
      handles_.erase(handle);
  }
  void close(const std::string& handle) { handles_.erase(handle); }

  void write(const std::string& handle, std::uint64_t position, const std::vector<std::string>& texts) {
    if (!handles_.contains(handle))
      return;
    std::vector<bytes_view> parts;
    for (const auto& t : texts)
      parts.push_back(as_bytes(t));
    answer("write " + handle, handles_[handle]->write(position, parts));
  }
  void read(const std::string& handle, std::uint64_t position, std::size_t count) {
    if (!handles_.contains(handle))
      return;
    std::vector<std::uint8_t> into(count);
    auto done = handles_[handle]->read(position, into);
    answer("read " + handle, done ? error{} : done.error());
    if (!done)
      return;
    into.resize(*done);
    say("  " + std::to_string(*done) + " [" + std::string{as_text(into)} + "]");
  }
  void truncate(const std::string& handle, std::uint64_t size) {
    if (handles_.contains(handle))
      answer("truncate " + handle, handles_[handle]->truncate(size));
  }
  void size(const std::string& handle) {
    if (handles_.contains(handle))
      say("size " + handle + " " + std::to_string(*handles_[handle]->size()));
  }
  void sync(const std::string& handle) {
    if (handles_.contains(handle))
      answer("sync " + handle, handles_[handle]->sync());
  }

  void make(const std::string& name) { answer("make " + name, on_.make_directories(path(name))); }
  void remove(const std::string& name) { answer("remove " + name, on_.remove(path(name))); }
  void remove_all(const std::string& name) { answer("remove_all " + name, on_.remove_all(path(name))); }
  void rename(const std::string& from, const std::string& to) {
    answer("rename " + from + " " + to, on_.rename(path(from), path(to)));
  }
  void sync_directory(const std::string& name) { answer("sync_directory " + name, on_.sync_directory(path(name))); }
  void exists(const std::string& name) {
    auto there = on_.exists(path(name));
    say("exists " + name + " " + (there ? std::to_string(*there) : "error"));
  }
  void list(const std::string& name) {
    auto entries = on_.list(path(name));
    answer("list " + name, entries ? error{} : entries.error());
    if (entries)
      for (const auto& e : *entries)
        say("  " + e.name + (e.is_directory ? "/" : " " + std::to_string(e.size)));
  }
  void lock(const std::string& name) {
    auto held = on_.lock(path(name));
    answer("lock " + name, held ? error{} : held.error());
    if (held)
      lock_ = std::move(*held);
  }
  void unlock() { lock_.reset(); }

  std::string transcript;

 private:
  disk& on_;
  std::string root_;
  std::map<std::string, std::shared_ptr<file>> handles_;
  std::unique_ptr<directory_lock> lock_;
};

/// An empty directory that goes with this object.
struct temporary_directory {
  temporary_directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "troupe-conformance-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~temporary_directory() { std::filesystem::remove_all(path); }
  std::string path;
};

template <class Script>
void play_on_both(Script script) {
  temporary_directory real_root;
  auto real = posix::make_posix_disk();
  player on_real{*real, real_root.path};
  script(on_real);

  sim::simulated_disk simulated;
  BOOST_REQUIRE(!simulated.make_directories("world"));
  player on_simulated{simulated, "world"};
  script(on_simulated);
  const auto [real_at, simulated_at] = std::mismatch(on_real.transcript.begin(), on_real.transcript.end(),
                                                    on_simulated.transcript.begin(), on_simulated.transcript.end());
  const auto around = [](const std::string& text, std::string::const_iterator at) {
    const auto from = std::max<std::ptrdiff_t>(0, at - text.begin() - 60);
    return text.substr(static_cast<std::size_t>(from), 100);
  };
  BOOST_TEST(on_simulated.transcript == on_real.transcript,
             "the simulated disk says\n" << around(on_simulated.transcript, simulated_at) << "\nthe real one\n"
                                         << around(on_real.transcript, real_at));
}

}  // namespace

BOOST_AUTO_TEST_CASE(files_are_written_read_cut_and_grown_alike) {
  play_on_both([](player& p) {
    p.open("a", "a", open_mode::read);
    p.open("a", "a", open_mode::read_write);
    p.open("a", "a", open_mode::create_new);
    p.write("a", 0, {"hello", " ", "", "world"});
    p.read("a", 6, 100);
    p.read("a", 11, 4);
    p.read("a", 50, 4);
    p.write("a", 20, {"far"});
    p.read("a", 0, 30);
    p.truncate("a", 3);
    p.read("a", 0, 30);
    p.truncate("a", 6);
    p.read("a", 0, 30);
    p.size("a");
    p.write("a", 40, {});
    p.size("a");
    p.sync("a");
    p.open("b", "a", open_mode::create_new);
    p.open("b", "a", open_mode::read);
    p.write("b", 0, {"x"});
    p.truncate("b", 0);
    p.read("b", 0, 10);
    p.open("c", "no/such/place", open_mode::create);
    p.open("c", "a/below", open_mode::create);
    p.list(".");
  });
}

BOOST_AUTO_TEST_CASE(directories_are_made_listed_and_removed_alike) {
  play_on_both([](player& p) {
    p.make("x/y/z");
    p.make("x/y/z");
    p.open("f", "x/y/f", open_mode::create);
    p.write("f", 0, {"12345"});
    p.list("x/y");
    p.list("x/y/f");
    p.list("absent");
    p.exists("x/y/f");
    p.exists("x/q");
    p.exists("x/y/f/g");
    p.remove("x/y");
    p.remove("x/y/z");
    p.remove("x/y/z");
    p.remove("x/q");
    p.make("x/y/f/g");
    p.open("d", "x/y", open_mode::create);
    p.sync_directory("x/y");
    p.sync_directory("absent");
    p.remove_all("x");
    p.remove_all("x");
    p.list(".");
    p.read("f", 0, 10);
  });
}

BOOST_AUTO_TEST_CASE(names_move_alike_and_open_files_stay_with_their_content) {
  play_on_both([](player& p) {
    p.open("a", "a", open_mode::create);
    p.write("a", 0, {"first"});
    p.open("b", "b", open_mode::create);
    p.write("b", 0, {"second"});
    p.rename("a", "b");
    p.read("a", 0, 10);
    p.read("b", 0, 10);
    p.open("now", "b", open_mode::read);
    p.read("now", 0, 10);
    p.write("a", 5, {" more"});
    p.read("now", 0, 20);
    p.rename("a", "c");
    p.rename("b", "b");
    p.make("d/e");
    p.make("full/inside");
    p.rename("b", "d");
    p.rename("d", "b");
    p.rename("d", "full");
    p.rename("d", "d/e/f");
    p.rename("d", "other");
    p.rename("b", "other/e/b");
    p.list("other/e");
    p.remove("other/e/b");
    p.read("now", 0, 20);
    p.list(".");
  });
}

BOOST_AUTO_TEST_CASE(a_directory_is_locked_once) {
  play_on_both([](player& p) {
    p.lock("absent");
    p.make("data");
    p.lock("data");
    p.lock("data");
    p.list("data");
    p.unlock();
    p.lock("data");
  });
}

BOOST_AUTO_TEST_CASE(small_files_are_replaced_alike) {
  play_on_both([](player& p) {
    p.make("data");
    for (const auto* text : {"one", "a longer two", "3"}) {
      p.open("old", "data/file.tmp", open_mode::create);
      p.write("old", 0, {text});
      p.sync("old");
      p.rename("data/file.tmp", "data/file");
      p.sync_directory("data");
      p.open("new", "data/file", open_mode::read);
      p.read("new", 0, 100);
    }
    p.list("data");
  });
}

BOOST_AUTO_TEST_CASE(random_scripts_give_the_same_answers) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      play_on_both([seed](player& p) {
        sim::prng draw{seed, "conformance"};
        const std::vector<std::string> names{"a", "b", "d", "d/a", "d/b", "d/d", "d/d/a"};
        const auto name = [&] { return names[draw.below(names.size())]; };
        const auto handle = [&] { return std::string(1, static_cast<char>('p' + draw.below(3))); };
        for (int step = 0; step < 120; ++step) {
          const auto first = name(), second = name();
          switch (draw.below(12)) {
            case 0: p.open(handle(), first, draw.below(2) ? open_mode::create : open_mode::create_new); break;
            case 1: p.open(handle(), first, open_mode::read_write); break;
            case 2: p.write(handle(), draw.below(40), {std::string(1 + draw.below(30), 'w')}); break;
            case 3: p.read(handle(), draw.below(40), draw.below(60)); break;
            case 4: p.truncate(handle(), draw.below(60)); break;
            case 5: p.remove(first); break;
            case 6: p.rename(first, second); break;
            case 7: p.make(draw.below(2) ? "d" : "d/d"); break;
            case 8: p.list("d"); break;
            case 9: p.exists(first); break;
            case 10: p.size(handle()); break;
            default: if (draw.below(8) == 0) p.remove_all(first); else p.sync(handle()); break;
          }
        }
        p.list(".");
      });
    }
  }
}
