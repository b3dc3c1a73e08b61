#include "core/manifest/manifest_object.hpp"

#include <openssl/crypto.h>

#include <algorithm>

namespace tablegate::core {

ObjectReader::ObjectReader(const json_t* json, std::string pointer, std::optional<Error>& problem)
    : json_(json), pointer_(std::move(pointer)), problem_(problem) {}

void ObjectReader::fail(const char* name, const std::string& message) {
  if (problem_) return;
  std::string where = pointer_ + "/";
  for (const char* c = name; *c != '\0'; ++c) {  // RFC 6901 section 3
    if (*c == '~' || *c == '/') {
      where += *c == '~' ? "~0" : "~1";
    } else {
      where += *c;
    }
  }
  problem_ = Error{message, std::move(where)};
}

void ObjectReader::fail(Error problem) {
  if (!problem_) problem_ = std::move(problem);
}

bool ObjectReader::has(const char* name) const {
  return json_object_get(json_, name) != nullptr;
}

const json_t* ObjectReader::get(const char* name) {
  read_.emplace_back(name);
  const json_t* value = json_object_get(json_, name);
  if (value == nullptr) fail(name, "is missing");
  return value;
}

std::string ObjectReader::string(const char* name) {
  const json_t* value = get(name);
  if (value == nullptr) return {};
  if (!json_is_string(value)) {
    fail(name, "must be a string");
    return {};
  }
  return {json_string_value(value), json_string_length(value)};
}

Secret ObjectReader::secret(const char* name) {
  const json_t* value = get(name);
  if (value == nullptr) return Secret();
  if (!json_is_string(value)) {
    fail(name, "must be a string");
    return Secret();
  }
  const size_t size = json_string_length(value);
  Secret secret(std::string_view(json_string_value(value), size));
  OPENSSL_cleanse(const_cast<char*>(json_string_value(value)), size);  // the tree is ours
  return secret;
}

bool ObjectReader::boolean(const char* name) {
  const json_t* value = get(name);
  if (value != nullptr && !json_is_boolean(value)) fail(name, "must be true or false");
  return value != nullptr && json_is_true(value);
}

int64_t ObjectReader::integer(const char* name, int64_t least, int64_t most) {
  const json_t* value = get(name);
  if (value == nullptr) return least;
  if (!json_is_integer(value)) {
    fail(name, "must be a whole number");
    return least;
  }
  const int64_t number = json_integer_value(value);
  if (number < least || number > most) {
    fail(name, "is out of range");
    return least;
  }
  return number;
}

const json_t* ObjectReader::array(const char* name) {
  const json_t* value = get(name);
  if (value == nullptr) return nullptr;
  if (!json_is_array(value)) {
    fail(name, "must be a list");
    return nullptr;
  }
  return value;
}

std::vector<std::string> ObjectReader::strings(const char* name) {
  std::vector<std::string> all;
  const json_t* list = array(name);
  for (size_t i = 0; i < json_array_size(list); ++i) {
    const json_t* item = json_array_get(list, i);
    if (!json_is_string(item)) {
      fail(name, "must be a list of strings");
      return {};
    }
    all.emplace_back(json_string_value(item), json_string_length(item));
  }
  return all;
}

std::vector<int64_t> ObjectReader::integers(const char* name) {
  std::vector<int64_t> all;
  const json_t* list = array(name);
  for (size_t i = 0; i < json_array_size(list); ++i) {
    const json_t* item = json_array_get(list, i);
    if (!json_is_integer(item)) {
      fail(name, "must be a list of whole numbers");
      return {};
    }
    all.push_back(json_integer_value(item));
  }
  return all;
}

void ObjectReader::read_element(const json_t* element, std::string pointer,
                                const std::function<void(ObjectReader&)>& read) {
  if (!json_is_object(element)) {
    if (!problem_) problem_ = Error{"must be an object", pointer};
    return;
  }
  ObjectReader in(element, std::move(pointer), problem_);
  read(in);
  in.done();
}

void ObjectReader::object(const char* name, const std::function<void(ObjectReader&)>& read) {
  const json_t* value = get(name);
  if (value != nullptr) read_element(value, pointer_ + "/" + name, read);
}

void ObjectReader::objects(const char* name, const std::function<void(ObjectReader&)>& read) {
  const json_t* list = array(name);
  for (size_t i = 0; i < json_array_size(list); ++i) {
    read_element(json_array_get(list, i), pointer_ + "/" + name + "/" + std::to_string(i), read);
  }
}

void ObjectReader::strings_or_objects(const char* name, const std::function<void(std::string)>& text,
                                      const std::function<void(ObjectReader&)>& read) {
  const json_t* list = array(name);
  for (size_t i = 0; i < json_array_size(list); ++i) {
    const json_t* item = json_array_get(list, i);
    if (json_is_string(item)) {
      text({json_string_value(item), json_string_length(item)});
    } else {
      read_element(item, pointer_ + "/" + name + "/" + std::to_string(i), read);
    }
  }
}

void ObjectReader::done() {
  const char* name = nullptr;
  json_t* value = nullptr;
  json_object_foreach(const_cast<json_t*>(json_), name, value) {
    if (std::find(read_.begin(), read_.end(), name) == read_.end()) fail(name, "is not known");
  }
}

}  // namespace tablegate::core
