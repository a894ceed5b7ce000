"""Where a language model is held: on a GPU if one may be used, else on the CPU.

Only language models ever are. Their states come back to the CPU, where whatever is read
out of them costs little: heads, words and cues, and how they are fitted.
"""

import os

import torch

from scoring.errors import ModelMismatch

CPU = torch.device("cpu")


def chosen(wanted: str | None = None) -> torch.device:
    """The device called `wanted`, cpu or cuda; without a name a GPU if there is one.

    CUDA_VISIBLE_DEVICES says which GPU is the first, and that one is taken; under
    `torchrun` each process takes its own.

    Raises:
        ModelMismatch: there is no such device here.
    """
    if wanted not in (None, "", "cpu", "cuda"):
        raise ModelMismatch(f"a device is cpu or cuda, not {wanted!r:.80}")
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "cpu" or not (wanted or gpus):
        return CPU
    own = int(os.environ.get("LOCAL_RANK", "0"))
    if own >= gpus:
        raise ModelMismatch(f"GPU {own} was asked for, and {gpus} can be used here")
    return torch.device("cuda", own)
