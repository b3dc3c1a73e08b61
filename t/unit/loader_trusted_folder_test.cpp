// base/trusted_folder: who could exchange what root reads. As another user than root only a part of it can be
// set up; `make test` runs as root.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "base/refusal.hpp"
#include "base/trusted_folder.hpp"

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;

namespace {

constexpr uid_t kStranger = 65534;

struct Folders {
  Folders() {
    std::string text = "/tmp/tablegate-trusted-XXXXXX";
    ck_assert_ptr_nonnull(::mkdtemp(text.data()));
    root = text;
  }
  ~Folders() { std::filesystem::remove_all(root); }
  Folders(const Folders&) = delete;
  Folders& operator=(const Folders&) = delete;

  std::string make(const std::string& name, mode_t mode, uid_t owner = ::geteuid()) const {
    const std::string path = root + "/" + name;
    std::filesystem::create_directories(path);
    ck_assert_int_eq(::chmod(path.c_str(), mode), 0);
    ck_assert_int_eq(::chown(path.c_str(), owner, static_cast<gid_t>(-1)), 0);
    return path;
  }

  std::string root;
};

// "" when it is trusted.
std::string fault(const std::string& path) {
  try {
    open_trusted_folder(path);
    return "";
  } catch (const Failure& failure) {
    return failure.what();
  }
}

void check_named(const std::string& path, const std::string& part) {
  const std::string text = fault(path);
  ck_assert_msg(text.rfind(part + ": ", 0) == 0, "%s: %s", path.c_str(), text.c_str());
}

START_TEST(plain_folders_are_trusted) {
  const Folders folders;
  const std::string last = folders.make("a/b/c", 0755);
  ck_text_eq(fault(last), "");
  ck_text_eq(fault(last + "/"), "");
  ck_text_eq(fault(last + "/../../b/./c"), "");
  ck_text_eq(fault("/"), "");
  ck_text_eq(fault("/tmp"), "");
}
END_TEST

START_TEST(every_ancestor_is_checked) {
  const Folders folders;
  const std::string open = folders.make("open", 0777);
  const std::string group = folders.make("group", 0775);
  const std::string sticky = folders.make("sticky", 01777);
  check_named(folders.make("open/a/b", 0755), open);
  check_named(folders.make("group/a/b", 0755), group);
  ck_text_eq(fault(folders.make("sticky/a", 0755)), "");
  if (::geteuid() != 0) return;
  const std::string foreign = folders.make("foreign", 0755, kStranger);
  check_named(folders.make("foreign/a", 0755), foreign);
  const std::string planted = folders.make("sticky/planted", 0755, kStranger);
  check_named(folders.make("sticky/planted/a", 0755), planted);
  check_named(folders.make("theirs", 01777, kStranger), folders.root + "/theirs");
}
END_TEST

START_TEST(links_are_followed_and_checked) {
  const Folders folders;
  const std::string good = folders.make("good/a", 0755);
  const std::string open = folders.make("open", 0777);
  folders.make("open/a", 0755);
  const std::string link = folders.root + "/link";
  ck_assert_int_eq(::symlink(good.c_str(), link.c_str()), 0);
  ck_text_eq(fault(link), "");
  const std::string bad = folders.root + "/bad";
  ck_assert_int_eq(::symlink("open", bad.c_str()), 0);
  check_named(bad + "/a", open);
  const std::string loop = folders.root + "/loop";
  ck_assert_int_eq(::symlink("loop", loop.c_str()), 0);
  ck_assert(!fault(loop).empty());
  if (::geteuid() != 0) return;
  ck_assert_int_eq(::lchown(link.c_str(), kStranger, static_cast<gid_t>(-1)), 0);
  check_named(link, link);
}
END_TEST

START_TEST(parents_and_names) {
  const Folders folders;
  const std::string open = folders.make("open", 0777);
  try {
    open_trusted_parent(open + "/file");
    ck_abort_msg("trusted");
  } catch (const Refused&) {
  }
  open_trusted_parent(folders.root + "/file");
  open_trusted_parent(folders.root + "/file/");
  ck_text_eq(last_name("/a/x"), "x");
  ck_text_eq(last_name("/a/x//"), "x");
  ck_text_eq(last_name("x"), "x");
  ck_text_eq(last_name("/"), ".");
}
END_TEST

START_TEST(files_of_a_folder) {
  const Folders folders;
  check_trusted_files(folders.root + "/none");
  const std::string folder = folders.make("domains.d", 0755);
  const std::string file = folder + "/a.conf";
  ::close(::open(file.c_str(), O_CREAT | O_WRONLY, 0644));
  check_trusted_files(folder);
  ck_assert_int_eq(::chmod(file.c_str(), 0666), 0);
  try {
    check_trusted_files(folder);
    ck_abort_msg("trusted");
  } catch (const Refused& refused) {
    ck_assert_ptr_nonnull(::strstr(refused.what(), "a.conf: others can write"));
  }
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_trusted_folder", plain_folders_are_trusted, every_ancestor_is_checked,
                links_are_followed_and_checked, parents_and_names, files_of_a_folder);
