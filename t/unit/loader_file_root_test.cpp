// base/file_root: what is opened beneath a folder, by openat2(2) and step by step, and what is not.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/file_root.hpp"
#include "base/refusal.hpp"

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;

namespace {

namespace fs = std::filesystem;

// root/inside/file, and beside root a file "secret" that links lead to.
struct Folders {
  Folders() {
    std::string text = "/tmp/tablegate-root-XXXXXX";
    ck_assert_ptr_nonnull(::mkdtemp(text.data()));
    top = text;
    root = top + "/root";
    fs::create_directories(root + "/inside");
    std::ofstream(root + "/inside/file") << "in";
    std::ofstream(top + "/secret") << "out";
    fs::create_symlink(top + "/secret", root + "/absolute");
    fs::create_symlink("../secret", root + "/relative");
    fs::create_directory_symlink(top, root + "/folder");
    fs::create_directory_symlink("inside", root + "/same");
  }
  ~Folders() { fs::remove_all(top); }
  Folders(const Folders&) = delete;
  Folders& operator=(const Folders&) = delete;

  std::string top, root;
};

START_TEST(nothing_leads_out) {
  const Folders folders;
  const Descriptor folder(::open(folders.root.c_str(), O_PATH | O_DIRECTORY));
  for (const auto way : {&FileRoot::open_by_kernel, &FileRoot::open_by_steps}) {
    const auto opens = [&](const char* path) {
      const Descriptor opened(way(folder.number(), path, O_RDONLY | O_CLOEXEC));
      return opened.number() >= 0;
    };
    if (!opens("inside/file") && errno == ENOSYS) continue;  // a kernel without openat2
    ck_assert(opens("inside/file"));
    ck_assert(opens("."));
    for (const char* const out :
         {"absolute", "relative", "folder/secret", "../secret", "inside/../../secret", "nothing"})
      ck_assert_msg(!opens(out), "%s", out);
  }
}
END_TEST

START_TEST(links_that_stay_are_followed_by_the_kernel) {
  const Folders folders;
  const Descriptor folder(::open(folders.root.c_str(), O_PATH | O_DIRECTORY));
  const Descriptor by_kernel(FileRoot::open_by_kernel(folder.number(), "same/file", O_RDONLY | O_CLOEXEC));
  ck_assert(by_kernel.number() >= 0 || errno == ENOSYS);
  const Descriptor by_steps(FileRoot::open_by_steps(folder.number(), "same/file", O_RDONLY | O_CLOEXEC));
  ck_assert_int_lt(by_steps.number(), 0);
}
END_TEST

START_TEST(paths_are_those_of_the_process) {
  const Folders folders;
  const FileRoot root(folders.root);
  struct stat about {};
  ck_assert(root.stat(folders.root + "/inside/file", about));
  ck_assert(root.readable(folders.root + "/inside/file"));
  ck_assert(root.stat(folders.root + "/", about));
  ck_assert(!root.stat(folders.top + "/secret", about));
  ck_assert(!root.readable(folders.root + "/absolute"));
  ck_assert(!root.stat(folders.root + "/../secret", about));
  ck_assert(!root.stat("root/inside/file", about));
  ck_assert_int_eq(::mkfifo((folders.root + "/fifo").c_str(), 0600), 0);
  ck_assert(root.open(folders.root + "/fifo", O_RDONLY).number() >= 0);  // does not wait for a writer
  ck_assert(FileRoot().stat(folders.root + "/absolute", about));
  ck_assert(is_beneath("/", "/etc"));
  ck_assert(is_beneath("/a/", "/a"));
  ck_assert(!is_beneath("/a", "/ab"));
  ck_assert(!is_beneath("/a", "/a/../b"));
  ck_assert(!is_beneath("/a", "a"));
}
END_TEST

START_TEST(a_folder_that_others_could_exchange_is_rejected) {
  const Folders folders;
  ck_assert_int_eq(::chmod(folders.top.c_str(), 0777), 0);
  bool rejected = false;
  try {
    const FileRoot root(folders.root);
  } catch (const Refused&) {
    rejected = true;
  }
  ck_assert(rejected);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_file_root", nothing_leads_out, links_that_stay_are_followed_by_the_kernel,
                paths_are_those_of_the_process, a_folder_that_others_could_exchange_is_rejected);
