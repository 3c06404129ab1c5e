"""What a limit on rows and compaction save: SpiNNaker synaptic matrices and accuracy, with and without, over seeds.

Needs the MNIST files. Every run is a folder of its own, so that an interrupted benchmark goes on where it stopped. The
limit is chosen on the validation split: the fewest bytes whose mean accuracy is no more than 0.2 points below that of
free rows. What the runs reached on the test split is read for free rows and for the chosen limit alone.

`wide` has 2,000 inputs, a fixed random embedding of MNIST: each is the sum of 16 pixels drawn at random with random
signs, halved, rectified and cut at 255. It is trained on the first 20,000 training samples.
"""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import click
import numpy as np

import neurosparse as ns
from neurosparse.archive import replacing
from neurosparse.data.library import load_dataset

NETWORKS: dict[str, dict[str, object]] = {
    "mnist": {"data": "mnist", "layers": "300,100", "synapses": 3552},
    "wide": {"layers": "1000,1000", "connectivity": "2%", "epochs": 30, "batch": 32, "alpha": 3e-5},
}
LIMITS = {"mnist": ("2", "3"), "wide": ("3,4,7", "2,3,6")}
FREE, POINTS = "none", 0.2


def embedded(samples: np.ndarray, inputs: int = 2_000, pixels: int = 16, seed: int = 1) -> np.ndarray:
    """Return uint8 (n_samples, inputs): rectified sums of some pixels with random signs."""
    generator = np.random.default_rng(seed)
    chosen = generator.integers(0, samples.shape[1], (inputs, pixels))
    sign = generator.choice([-1, 1], (inputs, pixels))
    total = np.zeros((len(samples), inputs), np.int32)
    for k in range(pixels):
        total += samples[:, chosen[:, k]].astype(np.int32) * sign[:, k]
    return np.clip(total // 2, 0, 255).astype(np.uint8)


def make_wide(path: Path, samples: int = 20_000) -> None:
    """Write the embedded MNIST as a data set of our own."""
    data = load_dataset("mnist")
    x = np.concatenate([data.train.x, data.validation.x])[:samples]
    y = np.concatenate([data.train.y, data.validation.y])[:samples]
    with replacing(path) as new:
        np.savez_compressed(new, x=embedded(x), y=y, x_test=embedded(data.test.x), y_test=data.test.y)


def report_of(path: Path, flags: dict[str, object]) -> dict:
    """Return the report of the run at `path`, trained and proved now as far as it is not yet."""
    run = ns.resume(path, flags) if path.exists() else ns.start(ns.configure(flags), path)
    for _ in run.events():
        pass
    list(ns.check_run(path))
    return run.folder.report()


def matrices(reports: list[dict], key: str) -> dict[str, float]:
    """Return the mean bytes of synaptic matrix a core, by population; `key` is ``whole`` or ``compacted``."""
    sizes: dict[str, list[int]] = {}
    for report in reports:
        for core in report["compacted"]["cores"]:
            sizes.setdefault(core["population"], []).append(core[key])
    return {name: round(statistics.mean(found)) for name, found in sizes.items()}


def total(reports: list[dict], key: str) -> float:
    """Return the mean bytes of synaptic matrix of all cores together."""
    return statistics.mean(sum(core[key] for core in report["compacted"]["cores"]) for report in reports)


def spread(values: list[float]) -> str:
    """Return mean and standard deviation of some fractions in percent."""
    deviation = 100 * statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{100 * statistics.mean(values):.2f} +- {deviation:.2f}"


@click.command()
@click.option("--network", type=click.Choice(list(NETWORKS)), default="mnist", show_default=True)
@click.option("--seeds", default=5, show_default=True)
@click.option("--epochs", type=int, help="Fewer epochs, to try it out.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the runs.")
def main(network: str, seeds: int, epochs: int | None, out: Path) -> None:
    """Print one JSON line a limit, and one on the chosen limit."""
    base = NETWORKS[network] | ({"epochs": epochs} if epochs else {})
    if network == "wide":
        out.mkdir(parents=True, exist_ok=True)
        if not (out / "wide.npz").exists():
            make_wide(out / "wide.npz")
        base = {**base, "data": str(out / "wide.npz")}
    reports: dict[str, list[dict]] = {}
    for limit in (FREE, *LIMITS[network]):
        rows = {} if limit == FREE else {"max_row_length": limit}
        reports[limit] = [
            report_of(out / f"{limit.replace(',', '-')}-{seed}", {**base, **rows, "seed": seed})
            for seed in range(1, seeds + 1)
        ]
        line = {
            "network": network,
            "rows": limit,
            "validation %": spread([report["accuracy"]["validation"] for report in reports[limit]]),
            "longest rows, seed 1": [
                list(p["longest_row"].values()) for p in reports[limit][0]["synapses"]["projections"]
            ],
            "matrix bytes a core": matrices(reports[limit], "whole"),
            "compacted": matrices(reports[limit], "compacted"),
            "neurons kept, seed 1": reports[limit][0]["compacted"]["neurons"],
            "steps over budget": sum(report["synapses"]["steps_over_budget"] for report in reports[limit]),
        }
        print(json.dumps(line), flush=True)

    def validation(limit: str) -> float:
        return statistics.mean(report["accuracy"]["validation"] for report in reports[limit])

    good = [limit for limit in LIMITS[network] if validation(limit) >= validation(FREE) - POINTS / 100]
    if not good:
        print(json.dumps({"network": network, "chosen": None}))
        return
    chosen = min(good, key=lambda limit: total(reports[limit], "whole"))
    free = total(reports[FREE], "whole")
    line = {
        "network": network,
        "chosen": chosen,
        "test %": {limit: spread([r["accuracy"]["test"] for r in reports[limit]]) for limit in (FREE, chosen)},
        "all matrices, bytes": {limit: round(total(reports[limit], "whole")) for limit in (FREE, chosen)},
        "fewer bytes by the limit %": round(100 * (1 - total(reports[chosen], "whole") / free), 1),
        "fewer bytes with compaction too %": round(100 * (1 - total(reports[chosen], "compacted") / free), 1),
        "fewer bytes by compaction alone %": round(100 * (1 - total(reports[FREE], "compacted") / free), 1),
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
