// A scripted PostgreSQL server on a unix socket, for the unit tests of pg/:
// speaks the necessary part of protocol 3.0 and misbehaves as scripted, per
// connection. One thread per connection; the test's own thread never blocks on
// it. Answers every statement with one row: its first parameter, or "1".
// Statements "fail:XXXXX" fail with that SQLSTATE, "no rows" has no row
// description, "rows:N" has the rows 1 to N; "rows:N fail:XXXXX" then fails,
// "rows:N cut" closes the connection; "sleep" runs until it is cancelled.
#pragma once

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace tablegate::pg::testing {

struct Behaviour {
  static constexpr std::size_t kNever = static_cast<std::size_t>(-1);
  std::size_t split_at = kNever;  // pause after this many sent bytes in total
  std::size_t cut_at = kNever;    // close after this many bytes
  std::size_t stall_at = kNever;  // send nothing after this many bytes, but stay open
  std::size_t fatal_at = kNever;  // answer the n-th message (0 = startup) with FATAL and close
  const char* fatal_state = "57P01";
  std::size_t says_at = kNever;  // before its answer to the n-th message
  std::string says;              // it sends these bytes
  bool every_byte = false;       // one byte per send
  int cancels_lost = 0;          // this many cancel requests do nothing
  bool cancels_hang = false;     // cancel requests get no answer and do nothing
};

class FakeServer {
 public:
  using Script = std::function<Behaviour(int connection)>;

  explicit FakeServer(Script script) : script_(std::move(script)) {
    char name[] = "/tmp/tablegate_pg_XXXXXX";
    directory_ = mkdtemp(name);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_ = directory_ + "/.s.PGSQL.5432";
    strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) abort();
    if (listen(listener_, 64) != 0) abort();
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~FakeServer() {
    stopping_ = true;
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    close(listener_);
    unlink(path_.c_str());
    rmdir(directory_.c_str());
  }
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  const std::string& directory() const { return directory_; }
  int connections() const { return connections_; }        // without those for cancel requests
  int cancels() const { return cancels_; }                // requests received
  std::size_t sent_bytes() const { return sent_bytes_; }  // by the connection that sent most
  std::size_t messages() const { return messages_; }      // likewise, received
  std::vector<std::string> statements() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return statements_;
  }

 private:
  struct Session {
    int fd = -1;
    Behaviour behaviour;
    uint32_t secret = 0;  // of its BackendKeyData
    std::size_t sent = 0;
    std::size_t messages = 0;
    bool failed = false;  // skip to the next Sync
    bool open = true;
    std::map<std::string, std::string> prepared;
    std::string sql;
    std::string value;
    std::string out;
  };

  static std::string number(uint32_t value, int bytes) {
    std::string text;
    for (int i = bytes - 1; i >= 0; --i) text.push_back(static_cast<char>((value >> (8 * i)) & 0xFF));
    return text;
  }
  static std::string message(char type, const std::string& body) {
    return std::string(1, type) + number(static_cast<uint32_t>(body.size() + 4), 4) + body;
  }
  static std::string error(const char* severity, const std::string& state) {
    std::string body;
    for (const std::string& field : {std::string("S") + severity, std::string("V") + severity, "C" + state,
                                     std::string("Mscripted error"), std::string("Dsecret detail")}) {
      body += field + '\0';
    }
    return message('E', body + '\0');
  }
  static uint32_t read_number(const std::string& data, std::size_t at, std::size_t bytes) {
    uint32_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value = (value << 8) | static_cast<unsigned char>(data[at + i]);
    return value;
  }

  void accept_all() {
    while (!stopping_) {
      pollfd descriptor{listener_, POLLIN, 0};
      if (poll(&descriptor, 1, 5) != 1) continue;
      const int fd = accept(listener_, nullptr, nullptr);
      if (fd < 0) continue;
      threads_.emplace_back([this, fd] { start(fd); });
    }
  }

  bool receive(int fd, std::string& data, std::size_t size) {
    data.clear();
    while (data.size() < size && !stopping_) {
      pollfd descriptor{fd, POLLIN, 0};
      if (poll(&descriptor, 1, 5) != 1) continue;
      char buffer[65536];
      const ssize_t got = recv(fd, buffer, std::min(sizeof(buffer), size - data.size()), 0);
      if (got <= 0) return false;
      data.append(buffer, static_cast<std::size_t>(got));
    }
    return !stopping_;
  }

  void put(Session& session, std::size_t begin, std::size_t end) {
    while (begin < end) {
      const ssize_t done = ::send(session.fd, session.out.data() + begin, end - begin, MSG_NOSIGNAL);
      if (done <= 0) {
        session.open = false;
        return;
      }
      begin += static_cast<std::size_t>(done);
    }
  }

  void flush(Session& session) {
    const Behaviour& behaviour = session.behaviour;
    const std::size_t start = session.sent;
    std::size_t end = session.out.size();
    const std::size_t last = std::min(behaviour.cut_at, behaviour.stall_at);
    if (last != Behaviour::kNever && start + end > last) end = last > start ? last - start : 0;
    // Counted before they leave: the client may be done before this thread runs again.
    session.sent += end;
    std::size_t most = sent_bytes_;
    while (most < session.sent && !sent_bytes_.compare_exchange_weak(most, session.sent)) continue;
    std::size_t at = 0;
    while (at < end && session.open) {
      std::size_t next = behaviour.every_byte ? at + 1 : end;
      if (behaviour.split_at > start + at && behaviour.split_at < start + next)
        next = behaviour.split_at - start;
      put(session, at, next);
      at = next;
      if (at < end && !behaviour.every_byte) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    if (end < session.out.size() && behaviour.cut_at <= behaviour.stall_at) session.open = false;
    session.out.clear();
  }

  void start(int fd) {
    std::string header;
    std::string body;
    const bool good = receive(fd, header, 4) && receive(fd, body, read_number(header, 0, 4) - 4);
    constexpr uint32_t kCancelCode = 80877102;
    if (good && read_number(body, 0, 4) == kCancelCode) return cancel(fd, read_number(body, 8, 4));
    const int index = connections_++;
    serve(fd, script_(index), index, good);
  }

  void cancel(int fd, uint32_t secret) {
    ++cancels_;
    bool hangs = false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      hangs = hanging_.count(secret) != 0;
      if (!hangs) ++cancelled_[secret];
    }
    while (hangs && !stopping_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    close(fd);
  }

  // Until as many cancel requests came as count.
  void sleep(Session& session) {
    for (bool done = false; !done && !stopping_;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      const std::lock_guard<std::mutex> lock(mutex_);
      done = cancelled_[session.secret] > session.behaviour.cancels_lost;
      if (done) cancelled_[session.secret] = 0;
    }
    session.failed = true;
    session.out += error("ERROR", "57014");
  }

  void serve(int fd, const Behaviour& behaviour, int index, bool good) {
    Session session;
    session.fd = fd;
    session.behaviour = behaviour;
    session.secret = static_cast<uint32_t>(index) + 8;
    if (behaviour.cancels_hang) {
      const std::lock_guard<std::mutex> lock(mutex_);
      hanging_.insert(session.secret);
    }
    std::string header;
    std::string body;
    if (good) {
      if (!fatal(session)) {
        session.out = message('R', number(0, 4));
        for (const auto& [name, value] :
             std::map<std::string, std::string>{{"server_version", "15.0"},
                                                {"client_encoding", "UTF8"},
                                                {"standard_conforming_strings", "on"}}) {
          session.out += message('S', name + '\0' + value + '\0');
        }
        session.out += message('K', number(7, 4) + number(session.secret, 4)) + message('Z', "I");
      }
      flush(session);
    }
    while (session.open && receive(fd, header, 5) && receive(fd, body, read_number(header, 1, 4) - 4)) {
      if (header[0] == 'X') break;
      if (!fatal(session)) answer(session, header[0], body);
      if (header[0] == 'S' || !session.open) flush(session);
    }
    close(fd);
  }

  bool fatal(Session& session) {
    const std::size_t index = session.messages++;
    std::size_t most = messages_;
    while (most < session.messages && !messages_.compare_exchange_weak(most, session.messages)) continue;
    if (index == session.behaviour.says_at) session.out += session.behaviour.says;
    if (index != session.behaviour.fatal_at) return false;
    session.out += error("FATAL", session.behaviour.fatal_state);
    flush(session);
    session.open = false;
    return true;
  }

  void answer(Session& session, char type, const std::string& body) {
    if (type == 'S') {
      session.failed = false;
      session.out += message('Z', "I");
      return;
    }
    if (session.failed) return;
    if (type == 'P') {
      const std::string name = body.c_str();
      session.prepared[name] = body.substr(name.size() + 1).c_str();
      const std::lock_guard<std::mutex> lock(mutex_);
      statements_.push_back(session.prepared[name]);
      session.out += message('1', "");
    } else if (type == 'B') {
      bind(session, body);
    } else if (session.sql == "no rows" && (type == 'D' || type == 'E')) {
      session.out += type == 'D' ? message('n', "") : message('C', std::string("SET") + '\0');
    } else if (type == 'D') {
      session.out += message('T', number(1, 2) + "v" + '\0' + number(0, 4) + number(0, 2) + number(25, 4) +
                                      number(0xFFFF, 2) + number(0xFFFFFFFF, 4) + number(0, 2));
    } else if (type == 'E' && session.sql == "sleep") {
      flush(session);
      sleep(session);
    } else if (type == 'E' && session.sql.rfind("rows:", 0) == 0) {
      send_rows(session);
    } else if (type == 'E') {
      session.out +=
          message('D', number(1, 2) + number(static_cast<uint32_t>(session.value.size()), 4) + session.value);
      session.out += message('C', std::string("SELECT 1") + '\0');
    }
  }

  void send_rows(Session& session) {
    const int count = atoi(session.sql.c_str() + 5);
    for (int row = 1; row <= count; ++row) {
      const std::string value = std::to_string(row);
      session.out += message('D', number(1, 2) + number(static_cast<uint32_t>(value.size()), 4) + value);
    }
    const std::size_t fail = session.sql.find("fail:");
    if (fail != std::string::npos) {
      session.failed = true;
      session.out += error("ERROR", session.sql.substr(fail + 5, 5));
    } else if (session.sql.find("cut") != std::string::npos) {
      flush(session);
      session.open = false;
    } else {
      session.out += message('C', "SELECT " + std::to_string(count) + '\0');
    }
  }

  void bind(Session& session, const std::string& body) {
    const std::size_t name_at = body.find('\0') + 1;
    const std::string name = body.c_str() + name_at;
    session.sql = session.prepared[name];
    if (session.sql.rfind("fail:", 0) == 0) {
      session.failed = true;
      session.out += error("ERROR", session.sql.substr(5, 5));
      return;
    }
    std::size_t at = name_at + name.size() + 1;
    at += 2 + 2 * read_number(body, at, 2);  // formats
    const uint32_t parameters = read_number(body, at, 2);
    session.value = "1";
    if (parameters > 0) session.value = body.substr(at + 6, read_number(body, at + 2, 4));
    session.out += message('2', "");
  }

  Script script_;
  std::string directory_;
  std::string path_;
  int listener_ = -1;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::atomic<int> cancels_{0};
  std::atomic<std::size_t> sent_bytes_{0};
  std::atomic<std::size_t> messages_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> statements_;
  std::map<uint32_t, int> cancelled_;  // by secret
  std::set<uint32_t> hanging_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace tablegate::pg::testing
