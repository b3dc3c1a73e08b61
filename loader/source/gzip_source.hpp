// Unpacks a gzip file: all its members, one after the other. Damage that would
// shorten the data is rejected. zlib's gzread() does not do that: it takes
// anything after a member that is not another member as the end of the file.
#pragma once

#include <zlib.h>

#include <memory>
#include <string>

#include "source/byte_source.hpp"

namespace tablegate::loader {

class GzipSource final : public ByteSource {
 public:
  // `file`: the compressed bytes; `name` is their name in messages. Throws SystemFailure.
  GzipSource(std::unique_ptr<ByteSource> file, std::string name);
  ~GzipSource() override;
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  size_t read(char* buffer, size_t size) override;
  uint64_t consumed() const override { return file_->consumed(); }
  uint64_t total() const override { return file_->total(); }

 private:
  // behind: a member has ended; padding: zeros followed it.
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
