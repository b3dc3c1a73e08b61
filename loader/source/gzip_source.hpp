// The bytes that a gzip file holds: of all its members, one after the other.
// Anything that would make a smaller table of a damaged file is refused, which
// zlib's own gzread does not do: what follows a member and is none ends the file
// for it.
#pragma once

#include <zlib.h>

#include <memory>
#include <string>

#include "source/byte_source.hpp"

namespace tablegate::loader {

class GzipSource final : public ByteSource {
 public:
  // `file`: the compressed bytes; `name` is theirs in messages. Throws SystemFailure.
  GzipSource(std::unique_ptr<ByteSource> file, std::string name);
  ~GzipSource() override;
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  size_t read(char* buffer, size_t size) override;
  uint64_t consumed() const override { return file_->consumed(); }
  uint64_t total() const override { return file_->total(); }

 private:
  // behind: a member has ended; padding: zeros have come after it.
  enum class State { member, behind, padding };

  void unpack();
  bool fill();
  void pass_end();
  [[noreturn]] void refuse(const char* reason) const;

  std::unique_ptr<ByteSource> file_;
  std::string name_;
  std::string input_;
  z_stream stream_{};
  State state_ = State::member;
  bool first_ = true;  // member
};

}  // namespace tablegate::loader
