// Reports on stderr that a command waits for a lock, with the session that holds
// it: process, user and application. WaitReport prints, once for each holder.
// LockWait finds out for a statement that does not answer, on a second
// connection, since the first one is busy. Database uses it for all statements.
#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace tablegate::loader {

class Database;

constexpr std::chrono::milliseconds kFirstLook{2000};  // a shorter wait is not reported

class WaitReport {
 public:
  explicit WaitReport(std::string what) : what_(std::move(what)) {}
  // Prints, unless this holder is the one of the latest report.
  void report(const std::string& holder);

 private:
  std::string what_, holder_;
};

class LockWait {
 public:
  explicit LockWait(const Database& waiting) : waiting_(waiting) {}
  LockWait(const LockWait&) = delete;
  LockWait& operator=(const LockWait&) = delete;
  ~LockWait();
  // Whether the statement waits for a lock, and who holds it; reports it.
  void look();
  // What look() has found last: " (it waited for the lock of ...)", or nothing.
  std::string found() const;
  // The same; looks if nothing was found yet, and does not report.
  std::string words();

 private:
  bool find();

  const Database& waiting_;
  std::unique_ptr<Database> other_;
  std::unique_ptr<WaitReport> report_;
  bool failed_ = false;  // no second connection
  std::string what_, holder_;
};

}  // namespace tablegate::loader
