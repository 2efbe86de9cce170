// SPDX-License-Identifier: Apache-2.0
// hls::stream for machines without AMD's headers: a queue as UG1399 ("HLS Stream Library") defines it, as far as
// generated firmware and its test bench use it. C simulation runs one process after the other, so a
// queue never blocks; reading one that is empty is a mistake of the firmware and ends the program.
#ifndef NAC_HLS_STREAM_H
#define NAC_HLS_STREAM_H

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ap_shim {

// A queue of elements of one size, as bytes: one class for all types of tokens, so that little is left to compile for each.
class queue {
  const char *name;
  std::size_t element, first, count, room; // sizes in elements but for `element`
  char *bytes;

  queue(const queue &);
  queue &operator=(const queue &);

  void grow()
  {
    const std::size_t wanted = room == 0 ? 16 : 2 * room;
    char *const more = (char *)std::malloc(wanted * element);
    if (more == NULL) {
      std::fprintf(stderr, "%s: no memory for its tokens\n", name);
      std::abort();
    }
    for (std::size_t i = 0; i < count; i++) {
      std::memcpy(more + i * element, at(i), element);
    }
    std::free(bytes);
    bytes = more;
    room = wanted;
    first = 0;
  }

  char *at(std::size_t i) const { return bytes + (first + i) % room * element; }

public:
  queue(const char *given, std::size_t size) : name(given), element(size), first(0), count(0), room(0), bytes(NULL) {}
  ~queue()
  {
    if (count != 0) {
      std::fprintf(stderr, "%s: %lu tokens were written and never read\n", name, (unsigned long)count);
      std::abort();
    }
    std::free(bytes);
  }
  std::size_t size() const { return count; }
  void write(const void *x)
  {
    if (count == room) {
      grow();
    }
    std::memcpy(at(count++), x, element);
  }
  void read(void *x)
  {
    if (count == 0) {
      std::fprintf(stderr, "%s: read while it is empty\n", name);
      std::abort();
    }
    std::memcpy(x, at(0), element);
    first = (first + 1) % room;
    count--;
  }
};

} // namespace ap_shim

namespace hls {

template <class T, int depth = 0> class stream {
  ap_shim::queue tokens;

public:
  stream() : tokens("a stream", sizeof(T)) {}
  explicit stream(const char *name) : tokens(name, sizeof(T)) {} // a name that lives on, as literals do
  bool empty() const { return tokens.size() == 0; }
  bool full() const { return false; }
  std::size_t size() const { return tokens.size(); }
  void write(const T &x) { tokens.write(&x); }
  void read(T &x) { tokens.read((void *)&x); }
  T read()
  {
    T x;
    read(x);
    return x;
  }
  stream &operator<<(const T &x) { return write(x), *this; }
  stream &operator>>(T &x) { return read(x), *this; }
};

} // namespace hls
#endif
