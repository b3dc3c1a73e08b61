#include "cli/table/load_progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace tablegate::loader {
namespace {

constexpr std::chrono::milliseconds kRewrite(100);
constexpr std::chrono::seconds kPlain(10);
constexpr double kSure = 1;  // seconds before a rate is worth telling

std::string time_text(double seconds) {
  const int64_t whole = std::llround(seconds);
  if (whole < 120) return fmt::format("{} s", whole);
  if (whole < 7200) return fmt::format("{} min", whole / 60);
  return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
}

}  // namespace

std::string progress_text(const CopyProgress& progress, double seconds) {
  const auto megabytes = [](uint64_t bytes) {
    return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
  };
  double share = 0;
  std::string text = fmt::format("{}", progress.rows);
  if (progress.total_rows > 0) {
    text += fmt::format(" of {}", progress.total_rows);
    share = static_cast<double>(progress.rows) / static_cast<double>(progress.total_rows);
  }
  text += " rows, " + megabytes(progress.bytes);
  if (progress.total > 0) {
    text += " of " + megabytes(progress.total);
    share = static_cast<double>(progress.bytes) / static_cast<double>(progress.total);
  }
  if (share > 0) text += fmt::format(" ({:.0f} %)", share * 100);
  if (seconds < kSure) return text;
  text += fmt::format(", {:.0f} rows/s", static_cast<double>(progress.rows) / seconds);
  if (share > 0 && share < 1) text += fmt::format(", {} left", time_text(seconds * (1 - share) / share));
  return text;
}

LoadProgress::LoadProgress(std::string table, bool shown)
    : table_(std::move(table)),
      shown_(shown),
      terminal_(isatty(STDERR_FILENO) != 0),
      start_(Clock::now()),
      last_(terminal_ ? Clock::time_point() : start_) {}

LoadProgress::~LoadProgress() {
  if (terminal_ && printed_) fmt::print(stderr, "\r\x1b[K");
}

bool LoadProgress::is_due() const {
  return shown_ && Clock::now() - last_ >= (terminal_ ? Clock::duration(kRewrite) : Clock::duration(kPlain));
}

void LoadProgress::copying(const CopyProgress& progress) {
  if (is_due()) print(progress_text(progress, std::chrono::duration<double>(Clock::now() - start_).count()));
}

void LoadProgress::working(const std::string& what) {
  if (is_due()) print(what);
}

// Where each line stays, a short load says nothing.
void LoadProgress::step(const std::string& name) {
  if (shown_ && (terminal_ || Clock::now() - start_ >= kPlain)) print(name);
}

void LoadProgress::done(const std::string& text) {
  fmt::print(stderr, "{}{}: {}\n", terminal_ && printed_ ? "\r\x1b[K" : "", table_, text);
  std::fflush(stderr);
  printed_ = false;
}

void LoadProgress::print(const std::string& text) {
  fmt::print(stderr, terminal_ ? "\r\x1b[K{}: {}" : "{}: {}\n", table_, text);
  std::fflush(stderr);
  last_ = Clock::now();
  printed_ = true;
}

}  // namespace tablegate::loader
