// SPDX-License-Identifier: Apache-2.0
// Test bench: feeds every sample of tb_data/tb_input_features.dat to the top function and compares
// the outputs with tb_data/tb_output_predictions.dat, and in C simulation the raw integers of every
// operation with tb_data/trace. Ends with 0 when all are equal, 1 when not, 2 when a file is missing.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "firmware/myproject.h"

struct traced_operation {
  unsigned id;
  const char *name;
  unsigned n;
};

#include "tb_operations.h"

static const unsigned n_operations = sizeof operations / sizeof *operations;
static const unsigned shown = 10; // mismatches that are printed

static std::vector<std::vector<double> > expected(n_operations); // raw integers, sample after sample
static unsigned sample = 0;
static unsigned long long compared = 0;
static unsigned long long mismatches = 0;

static void fail(const std::string &path, const char *what)
{
  std::fprintf(stderr, "%s: %s\n", path.c_str(), what);
  std::exit(2);
}

// A .npy file of little-endian doubles.
static std::vector<double> read_npy(const std::string &path)
{
  unsigned char head[10];
  std::FILE *file = std::fopen(path.c_str(), "rb");
  if (file == NULL) {
    fail(path, "cannot be opened; run the test bench in the project's folder");
  }
  if (std::fread(head, 1, 10, file) != 10 || std::memcmp(head, "\x93NUMPY\x01", 7) != 0) {
    fail(path, "is no .npy file of version 1");
  }
  std::fseek(file, 10 + head[8] + 256 * head[9], SEEK_SET);
  std::vector<double> all;
  double part[1024];
  for (std::size_t n; (n = std::fread(part, sizeof *part, 1024, file)) > 0;) {
    all.insert(all.end(), part, part + n);
  }
  std::fclose(file);
  return all;
}

// The numbers of a text file.
static std::vector<double> read_numbers(const std::string &path)
{
  std::vector<double> all;
  double x;
  std::FILE *file = std::fopen(path.c_str(), "r");
  if (file == NULL) {
    fail(path, "cannot be opened; run the test bench in the project's folder");
  }
  while (std::fscanf(file, "%lf", &x) == 1) {
    all.push_back(x);
  }
  std::fclose(file);
  return all;
}

static void compare(const char *what, unsigned element, double got, double want)
{
  compared++;
  if (got != want && mismatches++ < shown) {
    std::printf("mismatch: %s, element %u, sample %u: firmware %.17g, expected %.17g\n", what, element, sample, got,
                want);
  }
}

// The firmware calls it for every element of every operation (nac_trace.h).
void nac_traced(unsigned op, unsigned element, long long raw)
{
  for (unsigned k = 0; k < n_operations; k++) {
    const std::size_t at = (std::size_t)sample * operations[k].n + element;
    if (operations[k].id == op) {
      if (at >= expected[k].size()) {
        fail(operations[k].name, "tb_data/trace has fewer samples than tb_input_features.dat");
      }
      compare(operations[k].name, element, (double)raw, expected[k][at]);
    }
  }
}

int main()
{
  const std::vector<double> x = read_numbers("tb_data/tb_input_features.dat");
  const std::vector<double> y = read_numbers("tb_data/tb_output_predictions.dat");
  const std::size_t samples = x.size() / N_INPUT;
  if (x.empty() || x.size() % N_INPUT != 0 || y.size() != samples * N_OUTPUT) {
    fail("tb_data", "inputs and predictions are not of the same samples");
  }
  for (unsigned k = 0; k < n_operations; k++) {
    char path[64];
    std::snprintf(path, sizeof path, "tb_data/trace/value%u.npy", operations[k].id);
    expected[k] = read_npy(path);
  }
  std::FILE *log = std::fopen("tb_data/csim_results.log", "w");
  if (log == NULL) {
    fail("tb_data/csim_results.log", "cannot be written");
  }
  for (sample = 0; sample < samples; sample++) {
    double output[N_OUTPUT];
    run_sample(&x[(std::size_t)sample * N_INPUT], output);
    for (unsigned i = 0; i < N_OUTPUT; i++) {
      compare("the output", i, output[i], y[(std::size_t)sample * N_OUTPUT + i]);
      std::fprintf(log, "%.17g%c", output[i], i + 1 < N_OUTPUT ? ' ' : '\n');
    }
  }
  std::fclose(log);
  std::printf("csim: %zu samples, %u operations, %llu numbers compared, %llu mismatches\n", samples, n_operations,
              compared, mismatches);
  return mismatches == 0 ? 0 : 1;
}
