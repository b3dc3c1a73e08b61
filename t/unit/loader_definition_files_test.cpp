// Files that a definition names: what is read, and what is rejected without waiting.
#include "model/definition_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;

namespace {

namespace fs = std::filesystem;

// defs/x.sql, a pipe, a folder, links in and out.
struct DefinitionFolder {
  DefinitionFolder() {
    std::string text = "/tmp/tablegate-definitions-XXXXXX";
    ck_assert_ptr_nonnull(::mkdtemp(text.data()));
    top = text;
    fs::create_directories(top + "/defs/more");
    std::ofstream(top + "/defs/more/x.sql") << "SELECT";
    std::ofstream(top + "/secret") << "out";
    fs::create_symlink("more/x.sql", top + "/defs/inner");
    fs::create_symlink("../secret", top + "/defs/outer");
    fs::create_symlink("/dev/zero", top + "/defs/device");
    ck_assert_int_eq(::mkfifo((top + "/defs/pipe").c_str(), 0600), 0);
  }
  ~DefinitionFolder() { fs::remove_all(top); }
  DefinitionFolder(const DefinitionFolder&) = delete;
  DefinitionFolder& operator=(const DefinitionFolder&) = delete;

  // The text, or why the file is rejected.
  std::string fold(const std::string& name, FilePlace place) const {
    Definition definition;
    definition.place.file = top + "/defs/a.json";
    definition.document.SetObject();
    set_text(definition, "from", name);
    std::string reason = fold_file(definition, "from", "into", 100, place);
    return reason.empty() ? definition.document["into"].GetString() : reason;
  }

  std::string top;
};

START_TEST(only_regular_files_are_read) {
  const DefinitionFolder folder;
  for (const FilePlace place : {FilePlace::any, FilePlace::below}) {
    ck_text_eq(folder.fold("more/x.sql", place), "SELECT");
    ck_text_eq(folder.fold("inner", place), "SELECT");
    ck_text_eq(folder.fold("pipe", place), folder.top + "/defs/pipe is not a regular file");
    ck_text_eq(folder.fold("more", place), folder.top + "/defs/more is a folder, not a file");
  }
  ck_text_eq(folder.fold("device", FilePlace::any), folder.top + "/defs/device is not a regular file");
  ck_text_eq(folder.fold("outer", FilePlace::any), "out");
  ck_text_eq(folder.fold("../secret", FilePlace::any), "out");
}
END_TEST

START_TEST(nothing_outside_of_the_folder_is_read) {
  const DefinitionFolder folder;
  for (const char* const name : {"outer", "device"})
    ck_text_eq(
        folder.fold(name, FilePlace::below),
        folder.top + "/defs/" + name + " leads out of the folder of the definition by a symbolic link");
  for (const std::string& name : {std::string("../secret"), folder.top + "/secret"})
    ck_text_eq(folder.fold(name, FilePlace::below),
               "must be a path below the folder of the definition, without \"..\"");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_definition_files", only_regular_files_are_read,
                nothing_outside_of_the_folder_is_read);
