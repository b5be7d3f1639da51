/* An agent for a JVM: where a library asks the processor for its caches, it hears of none.
 *
 * The instruction `cpuid` cannot be made to answer otherwise from outside. HideCaches.java replaces it by a trap where
 * libtorch asks for caches, and this handler answers in its place: as the processor does, but for leaves 4 and 0x8000001d,
 * which list caches and are empty on many virtual machines. */
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <ucontext.h>

static void answer(int number, siginfo_t *info, void *context) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  unsigned leaf = registers[REG_RAX];
  unsigned a = 0, b = 0, c = 0, d = 0;
  (void)number;
  (void)info;
  if (leaf != 4 && leaf != 0x8000001d) {
    __cpuid_count(leaf, (unsigned)registers[REG_RCX], a, b, c, d);
  }
  registers[REG_RAX] = a;
  registers[REG_RBX] = b;
  registers[REG_RCX] = c;
  registers[REG_RDX] = d;
}

int Agent_OnLoad(void *vm, char *options, void *reserved) {
  struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER};
  (void)vm;
  (void)options;
  (void)reserved;
  return sigaction(SIGTRAP, &action, 0);
}
