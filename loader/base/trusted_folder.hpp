// Opens a folder whose files are trusted, because root or the running user acts
// on them: what nginx reads as root, the folder of the master key. Every folder
// and symlink on the way from / is checked, each through the open descriptor of
// the one before it. So no one else can move the folder away, and nothing can
// be exchanged between the check and the use.
#pragma once

#include <sys/stat.h>

#include <string>

#include "base/descriptor.hpp"

namespace tablegate::loader {

// `path` may be relative. Throws Refused when another user than root or the running user owns a folder or a
// symlink on the way, or could rename or remove what is in one: others may write to it, and it has no sticky
// bit. Throws SystemFailure when one cannot be opened. The descriptor is for openat() and fstat() only
// (O_PATH).
Descriptor open_trusted_folder(const std::string& path);
// As above, for the folder that holds the file `path`.
Descriptor open_trusted_parent(const std::string& path);

// Of a folder or file that no one else may write to at all, the sticky bit or not. Throws Refused.
void check_trusted(const std::string& path, const struct stat& about);

// The folder, the way to it and each file in it; nothing where there is no folder. Throws as the above.
void check_trusted_files(const std::string& folder);

// "x" of "/a/x" and of "/a/x/"; "." of "/".
std::string last_name(const std::string& path);

}  // namespace tablegate::loader
