// The memory of the calling thread for packed operands. It grows while shapes are new, and goes with the thread.
#pragma once

// 64-byte-aligned memory of at least `bytes` bytes, or NULL. What it held before is lost where it grows.
void *croco_gemm_workspace(long bytes);
