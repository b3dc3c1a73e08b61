// The headers of a request as libcurl takes them: a list that it does not own.
#pragma once

#include <curl/curl.h>

#include <string>

#include "base/refusal.hpp"

namespace tablegate::loader {

class CurlHeaders {
 public:
  CurlHeaders() = default;
  ~CurlHeaders() { curl_slist_free_all(list_); }
  CurlHeaders(const CurlHeaders&) = delete;
  CurlHeaders& operator=(const CurlHeaders&) = delete;

  // "Name: value", one line.
  void add(const std::string& line) {
    curl_slist* const grown = curl_slist_append(list_, line.c_str());
    if (grown == nullptr) throw SystemFailure("no memory");
    list_ = grown;
  }
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

}  // namespace tablegate::loader
