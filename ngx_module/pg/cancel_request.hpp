// One CancelRequest to a server: a connection of its own to the host of the session, over TLS where the
// session uses TLS, 16 bytes, then the end that the server makes. Nothing blocks: libpq connects and makes
// the TLS handshake as it did for the session (same keywords, same checks), and before it would send a
// startup packet the request is sent in its place. Owned by a Connection.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>

#include "pg/loop.hpp"

namespace tablegate::pg {

class BackendKey;
class Dsn;

enum class CancelEnd : uint8_t {
  delivered,  // the server has signalled the session, or has found none to signal
  not_sent,   // no connection: nothing will come of it
  unknown,    // sent, but without an answer: the signal may come at any time
};

// Who hears of the end. The call comes from the event loop, is the last, and may destroy the request.
struct CancelOwner {
  virtual void on_cancel_end(CancelEnd end) noexcept = 0;

 protected:
  ~CancelOwner() = default;
};

class CancelRequest final : private IoHandler, private TimerHandler {
 public:
  CancelRequest(Loop& loop, CancelOwner& owner) : loop_(loop), owner_(owner) {}
  CancelRequest(const CancelRequest&) = delete;
  CancelRequest& operator=(const CancelRequest&) = delete;

  // Cancels what the session with this key runs. False: not sent, and no call follows. `tls`: the session
  // uses TLS. `timeout_ms`: until the server has ended it.
  bool start(const Dsn& dsn, std::size_t endpoint, const BackendKey& key, bool tls, uint32_t timeout_ms);
  // The server may have the request. Before that it may be destroyed, and nothing comes of it.
  bool sent() const { return sent_; }

 private:
  void on_io(bool readable, bool writable) noexcept override;
  void on_close() noexcept override {}
  void on_timer() noexcept override;

  bool advance(PostgresPollingStatusType status);
  bool watch(bool read);
  bool send_request();
  bool has_ended() const;

  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };

  Loop& loop_;
  CancelOwner& owner_;
  unsigned char request_[16] = {};
  bool tls_ = false;
  bool sent_ = false;
  bool was_ready_ = false;  // connected in clear, before TLS
  std::unique_ptr<PGconn, Finish> connection_;
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Watch> watch_;  // last: goes first, before PQfinish
};

}  // namespace tablegate::pg
