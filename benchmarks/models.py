"""A reward model with random heads on the real backbone: as fast as a trained one."""

import sys
from pathlib import Path


def write(data: Path) -> str:
    """Into `data/models`; its hash."""
    import torch

    from scoring.prm import backbone
    from scoring.prm.card import Model, save_model
    from scoring.prm.heads import CLASSES, Head
    from scoring.prm.readout import VIEWS, Basis

    torch.manual_seed(0)
    trunk = backbone.load(None, data)
    rank, members = 64, 5
    projection, _ = torch.linalg.qr(torch.randn(trunk.width, rank))
    heads = {
        name: Head(
            query=torch.randn(rank),
            weight=torch.randn(members, VIEWS * rank, len(CLASSES[name])) / 100,
            bias=torch.zeros(members, len(CLASSES[name])),
            temperature=torch.ones(1),
        )
        for name in ("verdict", "value")
    }
    model = Model(Basis(torch.zeros(trunk.width), projection.contiguous()), heads, 8192)
    (data / "models").mkdir(exist_ok=True)
    return save_model(model, trunk, {}, data / "models")[1]


if __name__ == "__main__":
    print(write(Path(sys.argv[1])))
