// SPDX-License-Identifier: Apache-2.0
// hls::stream for machines without AMD's headers: a queue as UG1399 ("HLS Stream Library") defines it, as far as
// generated firmware and its test bench use it. C simulation runs one process after the other, so a
// queue never blocks; reading one that is empty is a mistake of the firmware and ends the program.
#ifndef NAC_HLS_STREAM_H
#define NAC_HLS_STREAM_H

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>

namespace hls {

template <class T, int depth = 0> class stream {
  std::deque<T> queue;
  std::string name;

  stream(const stream &);
  stream &operator=(const stream &);

public:
  stream() : name("a stream") {}
  explicit stream(const char *given) : name(given) {}
  ~stream()
  {
    if (!queue.empty()) {
      std::fprintf(stderr, "%s: %lu tokens were written and never read\n", name.c_str(), (unsigned long)queue.size());
      std::abort();
    }
  }

  bool empty() const { return queue.empty(); }
  bool full() const { return false; }
  std::size_t size() const { return queue.size(); }
  void write(const T &x) { queue.push_back(x); }
  T read()
  {
    if (queue.empty()) {
      std::fprintf(stderr, "%s: read while it is empty\n", name.c_str());
      std::abort();
    }
    const T x = queue.front();
    queue.pop_front();
    return x;
  }
  void read(T &x) { x = read(); }
  stream &operator<<(const T &x) { return write(x), *this; }
  stream &operator>>(T &x) { return read(x), *this; }
};

} // namespace hls
#endif
