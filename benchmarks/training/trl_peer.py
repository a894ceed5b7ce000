"""TRL's PRMTrainer on the data of benchmarks/train.py, in an environment of its own.

    python benchmarks/training/trl_peer.py JOB.json RESULT.json

Only TRL, torch and the standard library are imported: nothing of Pacenote is there. Its
defaults hold (batch of 8, bf16, a linear schedule) except where `settings` says
otherwise. Masked steps get the label -100, which its tokeniser passes through. Scoring
takes one forward a trace and a gather at the steps' ends, not TRL's one forward a step.
"""

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import torch
from datasets import Dataset
from transformers import AutoModelForTokenClassification, AutoTokenizer
from trl.experimental.prm import PRMConfig, PRMTrainer


def main(job_path: str, result_path: str) -> None:
    job = json.loads(Path(job_path).read_text())
    torch.set_num_threads(job["threads"])
    tokenizer = AutoTokenizer.from_pretrained(job["backbone"])
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    torch.manual_seed(job["settings"]["seed"])
    model = AutoModelForTokenClassification.from_pretrained(
        job["backbone"], num_labels=2, dtype=torch.float32
    )
    model.config.pad_token_id = tokenizer.pad_token_id
    with tempfile.TemporaryDirectory() as folder:
        config = PRMConfig(
            output_dir=folder,
            use_cpu=True,
            save_strategy="no",
            report_to=[],
            gradient_checkpointing=False,  # faster, and memory is not short
            **job["settings"],
        )
        rows = Dataset.from_list(job["train"])
        started, before = time.monotonic(), _cpu()
        trainer = PRMTrainer(
            model=model, args=config, train_dataset=rows, processing_class=tokenizer
        )
        trainer.train()
        seconds, cpu = time.monotonic() - started, _cpu() - before
    result = {
        "seconds": seconds,
        "cpu_seconds": cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "load": os.getloadavg(),
        "loss": [r["loss"] for r in trainer.state.log_history if "loss" in r],
        "q": [_score(row, model, tokenizer, config.max_length) for row in job["test"]],
    }
    Path(result_path).write_text(json.dumps(result))


def _score(row: dict, model: object, tokenizer: object, limit: int) -> list:
    """P(right) at the end of every step; None where it was cut off."""
    encoded = PRMTrainer.tokenize_row(
        {**row, "labels": [1] * len(row["labels"])},
        tokenizer=tokenizer,
        step_separator="\n",
        max_length=None,
        max_completion_length=None,
        train_on_last_step_only=False,
        is_eval=True,
    )
    ids = encoded["input_ids"][:limit]
    with torch.inference_mode():
        logits = model(torch.tensor([ids])).logits[0]
    ends = [i for i, label in enumerate(encoded["labels"]) if label == 1]
    right = torch.softmax(logits.float(), -1)[:, 1]
    return [float(right[end]) if end < len(ids) else None for end in ends]


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(*sys.argv[1:])
