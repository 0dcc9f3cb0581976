#include "rushlight/core/blas.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "rushlight/core/error.h"

namespace rushlight::blas {
namespace {

constexpr const char* kFileName = "librushlight_openblas.so";
// scipy-openblas32 prefixes every symbol, so that two copies in a process do not mix.
constexpr const char* kPrefix = "scipy_";

struct Library {
  void* handle = nullptr;
  std::string path;
  Table table{};
};

// Note [Environment during dlopen]
// OpenBLAS reads its settings from the environment in its constructor: the only way to have it
// start no threads and to choose its kernels. Calling setenv could free the array that another
// thread's getenv is reading, so we point `environ` at an extended copy for the time of the dlopen.
// Both arrays stay valid for good; the copy is kept because a getenv may still be walking it.
class ScopedEnvironment {
 public:
  explicit ScopedEnvironment(std::vector<std::string> settings)
      : settings_(*new std::vector<std::string>(std::move(settings))),
        entries_(*new std::vector<char*>) {
    original_ = environ;
    for (std::string& setting : settings_) entries_.push_back(setting.data());
    for (char** entry = original_; entry && *entry; ++entry)
      if (!overridden(*entry)) entries_.push_back(*entry);
    entries_.push_back(nullptr);
    environ = entries_.data();
  }
  ~ScopedEnvironment() {
    if (environ == entries_.data()) {
      environ = original_;
      return;
    }
    // Another thread called setenv meanwhile and made its own array out of ours: keep its change,
    // take ours back.
    for (const std::string& setting : settings_) {
      const std::string name = setting.substr(0, setting.find('='));
      const char* before = lookup(original_, name);
      if (before)
        setenv(name.c_str(), before, 1);
      else
        unsetenv(name.c_str());
    }
  }
  ScopedEnvironment(const ScopedEnvironment&) = delete;
  ScopedEnvironment& operator=(const ScopedEnvironment&) = delete;

 private:
  static const char* lookup(char** entries, const std::string& name) {
    for (char** entry = entries; entry && *entry; ++entry)
      if (std::strncmp(*entry, name.c_str(), name.size()) == 0 && (*entry)[name.size()] == '=')
        return *entry + name.size() + 1;
    return nullptr;
  }
  bool overridden(const char* entry) const {
    for (const std::string& setting : settings_)
      if (std::strncmp(entry, setting.c_str(), setting.find('=') + 1) == 0) return true;
    return false;
  }

  // Kept for the life of the process on purpose, see the note.
  std::vector<std::string>& settings_;
  std::vector<char*>& entries_;
  char** original_;
};

// OpenBLAS picks its kernels by cpuid or by OPENBLAS_CORETYPE; RUSHLIGHT_CPU, which holds back our
// own kernels, holds these back too.
const char* preferred_core() {
#if defined(__x86_64__)
  const char* isa = std::getenv("RUSHLIGHT_CPU");
  if (!isa || std::getenv("OPENBLAS_CORETYPE")) return nullptr;
  if (!std::strcmp(isa, "v2")) return "Nehalem";
  if (!std::strcmp(isa, "v3")) return "Haswell";
#endif
  return nullptr;
}

std::string own_folder() {
  Dl_info info;
  if (!dladdr(reinterpret_cast<const void*>(&own_folder), &info) || !info.dli_fname) return ".";
  const std::string file = info.dli_fname;
  const size_t slash = file.rfind('/');
  return slash == std::string::npos ? "." : file.substr(0, slash);
}

template <class Fn>
void bind(const Library& library, const char* name, Fn& slot) {
  const std::string full = std::string(kPrefix) + name;
  void* address = dlsym(library.handle, full.c_str());
  RL_CHECK(address, "BLAS: ", library.path, " has no symbol '", full,
           "'; it is not the OpenBLAS that Rushlight was built with");
  slot = reinterpret_cast<Fn>(address);
}

Library* open_library() {
  std::vector<std::string> candidates = {own_folder() + "/" + kFileName};
#ifdef RL_OPENBLAS_PATH
  candidates.push_back(RL_OPENBLAS_PATH);
#endif
  std::vector<std::string> settings = {"OPENBLAS_NUM_THREADS=1"};
  if (const char* core = preferred_core())
    settings.push_back(std::string("OPENBLAS_CORETYPE=") + core);

  auto library = new Library;
  std::string reasons;
  {
    ScopedEnvironment environment(settings);
    for (const std::string& path : candidates) {
      library->handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
      if (library->handle) {
        library->path = path;
        break;
      }
      const char* reason = dlerror();
      reasons += std::string("\n  ") + (reason ? reason : path.c_str());
    }
  }
  RL_CHECK(library->handle, "BLAS: cannot open ", kFileName,
           ", which belongs beside librushlight.so; reinstall Rushlight. Tried:", reasons);

  void (*set_num_threads)(int) = nullptr;
  bind(*library, "openblas_set_num_threads", set_num_threads);
  set_num_threads(1);

  Table& t = library->table;
  bind(*library, "cblas_sgemm", t.sgemm);
  bind(*library, "cblas_dgemm", t.dgemm);
  bind(*library, "cblas_cgemm", t.cgemm);
  bind(*library, "cblas_zgemm", t.zgemm);
  bind(*library, "cblas_sgemv", t.sgemv);
  bind(*library, "cblas_dgemv", t.dgemv);
  bind(*library, "cblas_cgemv", t.cgemv);
  bind(*library, "cblas_zgemv", t.zgemv);
  bind(*library, "cblas_sdot", t.sdot);
  bind(*library, "cblas_ddot", t.ddot);
  bind(*library, "cblas_cdotu_sub", t.cdotu);
  bind(*library, "cblas_zdotu_sub", t.zdotu);
  return library;
}

const Library& library() {
  // Initialised once under the compiler's lock; a failed attempt throws and is tried again.
  static const Library* instance = open_library();
  return *instance;
}

}  // namespace

const Table& table() { return library().table; }

void* symbol(const char* name) {
  void* address = nullptr;
  bind(library(), name, address);
  return address;
}

const char* library_path() { return library().path.c_str(); }

const char* core_name() {
  char* (*get_corename)() = nullptr;
  bind(library(), "openblas_get_corename", get_corename);
  return get_corename();
}

}  // namespace rushlight::blas
