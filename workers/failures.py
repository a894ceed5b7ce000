"""What failed: the disk, the device or the memory, as errors tell it."""

import errno

# no space, over the quota, over the largest file a process may write
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# what torch says when a GPU, or one of the libraries that drive it, fails
CUDA_ERRORS = ("CUDA error", "CUDNN_STATUS", "cuDNN error", "CUBLAS_STATUS", "NCCL")
OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "STATUS_ALLOC_FAILED")


def disk_is_full(error: Exception) -> bool:
    """Whether a write failed for want of room; safetensors tells it in words only."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in NO_ROOM
    return any(f"os error {number})" in str(error) for number in NO_ROOM)


def device_is_lost(error: Exception) -> bool:
    """Whether a GPU failed in a way that leaves nothing to this process: after any CUDA
    error but a want of memory, all it computes there fails, or is wrong."""
    told = str(error).startswith(CUDA_ERRORS)
    return isinstance(error, RuntimeError) and told and not memory_is_full(error)


def memory_is_full(error: Exception) -> bool:
    """Whether memory ran out, a GPU's or this machine's; told by words, as torch does,
    which isn't loaded where jobs are handed out."""
    if isinstance(error, RuntimeError):
        return any(words in str(error) for words in OUT_OF_MEMORY)
    return isinstance(error, MemoryError)
