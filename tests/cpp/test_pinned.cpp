// The allocator of page-locked memory (cpp/src/cuda/pinned.cu) over a device whose progress this
// test decides: no block may be handed out while a copy that uses it is under way.
#include "cuda/pinned.cu"

#include <sys/wait.h>

#include <cstdlib>
#include <set>

#include "check.h"

struct FakeStream {
  long submitted = 0, done = 0;
};
struct FakeEvent {
  FakeStream* stream = nullptr;
  long after = 0;
};

namespace {

std::set<void*> g_blocks;
std::set<FakeEvent*> g_events;
size_t g_room = 1 << 20;  // bytes that the driver still gives
bool g_broken = false;    // every query fails, as in a forked child
int g_device = 0;
cudaStream_t g_stream = nullptr;

}  // namespace

cudaError_t cudaHostAlloc(void** data, size_t nbytes, unsigned flags) {
  CHECK(flags == cudaHostAllocPortable);
  if (nbytes > g_room) return cudaErrorMemoryAllocation;
  g_room -= nbytes;
  // The size is kept in front, so that it comes back.
  char* p = static_cast<char*>(std::malloc(nbytes + 64));
  *reinterpret_cast<size_t*>(p) = nbytes;
  *data = p + 64;
  g_blocks.insert(*data);
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* data) {
  CHECK(g_blocks.erase(data) == 1);
  char* p = static_cast<char*>(data) - 64;
  g_room += *reinterpret_cast<size_t*>(p);
  std::free(p);
  return cudaSuccess;
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new FakeEvent;
  g_events.insert(*event);
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  CHECK(g_events.erase(event) == 1);
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  event->stream = stream;
  event->after = stream->submitted;
  return cudaSuccess;
}
cudaError_t cudaEventQuery(cudaEvent_t event) {
  if (g_broken) return cudaErrorMemoryAllocation;
  return event->stream->done >= event->after ? cudaSuccess : cudaErrorNotReady;
}
cudaError_t cudaGetLastError() { return cudaSuccess; }
const char* cudaGetErrorString(cudaError_t) { return "fake"; }

namespace rushlight::cuda {

int use(int device) { return device < 0 ? g_device : (g_device = device); }
cudaStream_t current_stream() { return g_stream; }

}  // namespace rushlight::cuda

namespace {

using namespace rushlight;
using namespace rushlight::cuda;

void start_copy(void* data, FakeStream& stream, int device = 0) {
  g_stream = &stream;
  g_device = device;
  ++stream.submitted;
  CHECK(note_pinned_use(data));
}

void test_blocks_come_back() {
  void* a = pinned_allocate(1000);
  void* b = pinned_allocate(1000);
  CHECK(a != b);
  CHECK(pinned(a) && pinned(static_cast<char*>(a) + 999) && !pinned(&g_room));
  pinned_free(a);
  CHECK(!pinned(a));
  CHECK(pinned_allocate(990) == a);
  // Another class of sizes gets a block of its own.
  void* c = pinned_allocate(5000);
  CHECK(c != a && c != b);
  for (void* p : {a, b, c}) pinned_free(p);
  pinned_free(&g_room);  // not one of its blocks
  empty_pinned_cache();
  CHECK(g_blocks.empty());
}

void test_copies_under_way() {
  FakeStream first, second;
  void* a = pinned_allocate(2000);
  start_copy(static_cast<char*>(a) + 100, first);
  start_copy(a, second, 1);
  start_copy(a, first);  // the event of the same stream is used again
  CHECK(g_events.size() == 2);
  pinned_free(a);
  void* b = pinned_allocate(2000);
  CHECK(b != a);
  first.done = 1;  // its second copy is under way
  second.done = 1;
  void* c = pinned_allocate(2000);
  CHECK(c != a);
  first.done = 2;
  CHECK(pinned_allocate(2000) == a);
  // Used again, the block waits for what comes then.
  start_copy(a, second, 1);
  pinned_free(a);
  empty_pinned_cache();
  CHECK(g_blocks.contains(a));
  second.done = 2;
  for (void* p : {b, c}) pinned_free(p);
  empty_pinned_cache();
  CHECK(g_blocks.empty() && g_events.empty());
}

void test_streams_that_end() {
  FakeStream stream;
  void* a = pinned_allocate(300);
  start_copy(a, stream);
  pinned_free(a);
  forget_stream_of_pinned(&stream);  // over, as its destruction waits
  CHECK(g_events.empty());
  CHECK(pinned_allocate(300) == a);
  pinned_free(a);
  empty_pinned_cache();
  CHECK(g_blocks.empty());
}

void test_no_room() {
  void* a = pinned_allocate(g_room / 2);
  pinned_free(a);
  // What is spare goes back to the driver before it gives up.
  const size_t room = g_room + g_room / 2;
  void* b = pinned_allocate(room / 4 * 3);
  CHECK_THROWS(OutOfMemoryError, pinned_allocate(size_t(1) << 30));
  pinned_free(b);
  empty_pinned_cache();
  CHECK(g_blocks.empty());
}

void test_a_device_that_fails() {
  FakeStream stream;
  void* a = pinned_allocate(100);
  start_copy(a, stream);
  stream.done = 1;
  g_broken = true;
  pinned_free(a);  // raises nothing
  CHECK(pinned_allocate(100) != a);
  g_broken = false;
  CHECK(pinned_allocate(100) == a);
}

void test_a_child_of_fork() {
  void* a = pinned_allocate(100);
  FakeStream stream;
  start_copy(a, stream);
  const pid_t child = fork();
  if (child == 0) {
    CHECK(pinned(a));
    CHECK_THROWS(Error, pinned_allocate(100));
    pinned_free(a);
    CHECK(!pinned(a));
    _exit(rushlight_test::failures());
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHECK(pinned(a));
  stream.done = 1;
  pinned_free(a);
}

}  // namespace

int main() {
  test_blocks_come_back();
  test_copies_under_way();
  test_streams_that_end();
  test_no_room();
  test_a_device_that_fails();
  test_a_child_of_fork();
  return rushlight_test::failures();
}
