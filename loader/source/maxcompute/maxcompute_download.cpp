#include "source/maxcompute/maxcompute_download.hpp"
#include "core/text/ascii.hpp"
#include "source/copy_text.hpp"
#include "source/maxcompute/maxcompute_record.hpp"
#include "source/maxcompute/maxcompute_value.hpp"
#include "source/partition_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace tablegate::loader {
namespace {

constexpr size_t kBatch = size_t{256} << 10;  // bytes of COPY text
constexpr size_t kWaiting = size_t{8} << 20;  // bytes of batches that PostgreSQL has not accepted yet
constexpr uint64_t kMinRange = 10000;         // records
constexpr uint64_t kMaxRange = 1000000;

struct Batch {
  std::string rows;
  uint64_t count = 0;
  uint64_t bytes = 0;  // received for the batch
};

// A session to open, or a range of one.
struct Task {
  size_t partition = 0;
  std::shared_ptr<const DownloadSession> session;
  uint64_t start = 0;
  uint64_t count = 0;
};

// Counts from the service. The thread that opens a partition's session writes the partition's number before
// it increments `opened`.
struct Told {
  explicit Told(size_t partitions) : records(partitions) {}
  std::vector<uint64_t> records;
  std::atomic<uint64_t> all{0};
  std::atomic<size_t> opened{0};
};

// What the threads share: tasks, finished batches, the first failure.
class Exchange {
 public:
  explicit Exchange(std::atomic<bool>& stop) : stop_(stop) {}

  void add(std::vector<Task> tasks) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (Task& task : tasks) tasks_.push_front(std::move(task));
    changed_.notify_all();
  }
  // The next task; nullopt once no task is left and no thread can add one.
  std::optional<Task> take() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return stop_ || !tasks_.empty() || busy_ == 0; });
    if (stop_ || tasks_.empty()) return std::nullopt;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    ++busy_;
    return task;
  }
  void done() {
    const std::lock_guard<std::mutex> lock(mutex_);
    --busy_;
    changed_.notify_all();
  }

  void put(Batch batch) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return stop_ || waiting_ < kWaiting; });
    if (stop_) throw Stopped();
    waiting_ += batch.rows.size();
    batches_.push_back(std::move(batch));
    changed_.notify_all();
  }
  // The next batch; nullopt once all threads have ended.
  std::optional<Batch> next() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return stop_ || !batches_.empty() || threads_ == 0; });
    if (stop_ || batches_.empty()) return std::nullopt;
    Batch batch = std::move(batches_.front());
    batches_.pop_front();
    waiting_ -= batch.rows.size();
    changed_.notify_all();
    return batch;
  }

  void begin_thread() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++threads_;
  }
  void end_thread() {
    const std::lock_guard<std::mutex> lock(mutex_);
    --threads_;
    changed_.notify_all();
  }
  void fail(std::exception_ptr failure) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!failure_) failure_ = std::move(failure);
    stop_ = true;
    changed_.notify_all();
  }
  void end() {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
    changed_.notify_all();
  }
  std::exception_ptr failure() const { return failure_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool>& stop_;
  std::deque<Task> tasks_;
  std::deque<Batch> batches_;
  size_t waiting_ = 0;  // bytes in batches_
  unsigned busy_ = 0;
  unsigned threads_ = 0;
  std::exception_ptr failure_;
};

// The work of one thread.
class Worker {
 public:
  Worker(const DownloadPlan& plan, MaxComputeAccount& account, const HttpPatience& patience,
         Exchange& exchange, const std::atomic<bool>& stop, Told& told)
      : plan_(plan),
        http_(account, patience, stop),
        service_(plan.project, http_),
        exchange_(exchange),
        told_(told) {
    for (const SourceColumn& column : plan.columns) {
      if (!plan.all_columns) names_.push_back(column.name);
    }
  }

  void run() {
    while (const std::optional<Task> task = exchange_.take()) {
      if (task->session) {
        fetch(*task);
      } else {
        open(*task);
      }
      exchange_.done();
    }
  }

 private:
  void open(const Task& task) {
    const NamedValues& partition = plan_.partitions[task.partition];
    const DownloadSession session = plan_.query.empty()
                                        ? service_.open_session(plan_.table, partition_text(partition))
                                        : service_.open_query(plan_.query);
    check_columns(session);
    told_.records[task.partition] = session.records;
    told_.all += session.records;
    ++told_.opened;
    const auto shared = std::make_shared<const DownloadSession>(session);
    const uint64_t size = std::clamp(session.records / (uint64_t{plan_.jobs} * 4) + 1, kMinRange, kMaxRange);
    std::vector<Task> ranges;
    for (uint64_t start = 0; start < session.records; start += size)
      ranges.push_back({task.partition, shared, start, std::min(size, session.records - start)});
    std::reverse(ranges.begin(), ranges.end());  // each is put in front of the one before
    exchange_.add(std::move(ranges));
  }

  // The stream is read with the planned types: they must be the session's.
  void check_columns(const DownloadSession& session) const {
    for (const SourceColumn& column : plan_.columns) {
      const auto found =
          std::find_if(session.columns.begin(), session.columns.end(),
                       [&column](const SourceColumn& other) { return other.name == column.name; });
      if (found == session.columns.end() || plain_type(found->type) != plain_type(column.type)) {
        throw SourceChanged(fmt::format("column \"{}\" changed while the load began", column.name),
                            Hint::again());
      }
    }
    if (plan_.all_columns && session.columns.size() != plan_.columns.size())
      throw SourceChanged("the table's columns changed while the load began", Hint::again());
  }
  // In lower case and without blanks.
  static std::string plain_type(const std::string& type) {
    std::string text = core::to_lower(type);
    text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
    return text;
  }

  // Repeats until a stream of the range has ended correctly. If a stream breaks off after the last record but
  // before its trailer, that record is requested again, only for the end of its stream.
  void fetch(const Task& task) {
    Retry retry(http_);
    uint64_t done = 0;
    for (bool ended = false; !ended;) {
      const uint64_t before = done;
      try {
        fetch_rest(task, done);
        ended = true;
      } catch (const ServiceError& error) {
        if (done > before) retry.progress();
        if (!retry.after(error)) throw;
        if (error.status == 502 || error.status == 504) service_.check_session(*task.session);
      } catch (const WrongStream& wrong) {
        throw SourceChanged(fmt::format("the received rows cannot be kept ({})", wrong.what()),
                            Hint::again());
      } catch (const CorruptStream& corrupt) {
        broken(retry, done > before, fmt::format("the stream is damaged: {}", corrupt.what()));
      } catch (const TransferBroken& reason) {
        broken(retry, done > before, reason.what());
      }
    }
    flush(0);
  }

  static void broken(Retry& retry, bool progress, const std::string& reason) {
    if (progress) retry.progress();
    retry.after_break(reason);
  }

  // One attempt at the rest of the range. `done` counts the records that are in copy_ or were passed on.
  void fetch_rest(const Task& task, uint64_t& done) {
    const bool again = done == task.count;
    const uint64_t count = again ? 1 : task.count - done;
    const uint64_t start = task.start + task.count - count;
    RecordDecoder decoder(plan_.types, count, [&](const Record& record) {
      if (again) return;
      write(task, record, task.start + done);
      ++done;
      flush(kBatch);
    });
    http_.perform(plan_.project.tunnel,
                  service_.range_request(*task.session, start, count, names_, plan_.encoding), {},
                  [&decoder](std::string_view bytes) { decoder.feed(bytes); });
    decoder.finish();
  }

  void write(const Task& task, const Record& record, uint64_t number) {
    for (size_t i = 0; i < plan_.types.size(); ++i) {
      try {
        copy_value(plan_.types[i], record[i], copy_);
      } catch (const BadValue& bad) {
        const std::string& partition = task.session->partition;
        throw Refused(fmt::format("{}{}, record {}, column \"{}\": {}", plan_.table,
                                  partition.empty() ? "" : fmt::format(" ({})", partition), number + 1,
                                  plan_.columns[i].name, bad.what()));
      }
    }
    for (const std::string& key : plan_.keys) {
      for (const auto& [name, value] : plan_.partitions[task.partition]) {
        if (name == key) copy_.text(value);
      }
    }
    copy_.end_row();
  }

  // Passes on the collected rows once they have at least `least` bytes.
  void flush(size_t least) {
    if (copy_.size() < least || copy_.rows() == 0) return;
    Batch batch;
    batch.count = copy_.rows();
    batch.rows = copy_.take();
    batch.bytes = http_.received() - received_;
    received_ = http_.received();
    exchange_.put(std::move(batch));
  }

  const DownloadPlan& plan_;
  MaxComputeHttp http_;
  MaxComputeService service_;
  Exchange& exchange_;
  Told& told_;
  std::vector<std::string> names_;  // of the columns, where not all are requested
  CopyText copy_;
  uint64_t received_ = 0;
};

class Threads {
 public:
  ~Threads() {
    for (std::thread& thread : threads_) thread.join();
  }
  Threads() = default;
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  void start(std::function<void()> work) { threads_.emplace_back(std::move(work)); }

 private:
  std::vector<std::thread> threads_;
};

void run_worker(Exchange& exchange, const std::function<void()>& work) {
  try {
    work();
  } catch (const Stopped&) {  // NOLINT(bugprone-empty-catch): another thread has the reason
  } catch (...) {
    exchange.fail(std::current_exception());
  }
  exchange.end_thread();
}

}  // namespace

std::vector<uint64_t> download(const DownloadPlan& plan, MaxComputeAccount& account,
                               const HttpPatience& patience, const RowSink& sink) {
  std::atomic<bool> stop{false};
  Told told(plan.partitions.size());
  Exchange exchange(stop);
  std::vector<Task> sessions;
  for (size_t i = plan.partitions.size(); i > 0; --i) sessions.push_back({i - 1, nullptr, 0, 0});
  exchange.add(std::move(sessions));
  DownloadProgress progress;
  {
    Threads threads;
    for (unsigned i = 0; i < plan.jobs; ++i) exchange.begin_thread();
    for (unsigned i = 0; i < plan.jobs; ++i) {
      threads.start([&] {
        run_worker(exchange, [&] { Worker(plan, account, patience, exchange, stop, told).run(); });
      });
    }
    try {
      while (const std::optional<Batch> batch = exchange.next()) {
        progress.rows += batch->count;
        progress.bytes += batch->bytes;
        if (told.opened == plan.partitions.size()) progress.total = told.all;
        if (!sink(batch->rows, progress)) break;
      }
    } catch (...) {
      exchange.fail(std::current_exception());
    }
    exchange.end();
  }
  if (exchange.failure()) std::rethrow_exception(exchange.failure());
  return told.records;
}

}  // namespace tablegate::loader
