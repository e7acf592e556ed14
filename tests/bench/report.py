# SPDX-License-Identifier: GPL-2.0-or-later
"""report - medians, noise, ratios and targets, for people and as JSON."""

import os
import platform
import statistics
import subprocess

from rivals import FUSE_PEERS, NO_ROUND_TRIP

NOISY = 0.10

# row: (reach, at least): each (ratio, against whom in the same round) or (value, None)
TARGETS = {
    "compile-j1": ((1.00, "kernel"), (1.03, "kernel")),
    "compile-j2": ((1.00, "kernel"), (1.03, "kernel")),
    "configure-libffi": ((1.00, "kernel"), (1.05, "kernel")),
    "configure-ncurses": ((1.00, "kernel"), (1.05, "kernel")),
    "configure-written-here": ((1.00, "kernel"), (1.05, "kernel")),
    "install-make": ((2.00, "plain"), (0.60, "fuse-overlayfs")),
    "install-cp": ((2.00, "plain"), (0.60, "fuse-overlayfs")),
    "rm": ((2.00, "kernel"), (1.00, "peers")),
    "walk-cold": ((1.30, "kernel"), (2.00, "kernel")),
    "walk-warm": ((1.10, "kernel"), (1.30, "kernel")),
    "read-cold": ((1 / 0.9, "plain"), (1 / 0.7, "plain")),
    "read-warm": ((1.00, "plain"), (1 / 0.7, "plain")),
    "write": ((1 / 0.9, "plain"), (1 / 0.7, "plain")),
    "lookups-20": ((1.20, "lookups-1"), (1.50, "lookups-1")),
    "lookups-200": ((1.20, "lookups-1"), (1.50, "lookups-1")),
    "mount": ((0.020, None), (0.100, None)),
    "view": ((0.005, None), (0.020, None)),
    "view-bytes": ((0, None), (0, None)),
    "memory": ((150, None), (400, None)),
    "stage-first": ((1.20, "plain"), (1.50, "plain")),
    "stage-again": ((1.20, "plain"), (1.50, "plain")),
    "stage-find-first": ((1.20, "plain"), (1.50, "plain")),
    "stage-find": ((1.20, "plain"), (1.50, "plain")),
    "build-one": ((1.00, "plain"), (1.03, "plain")),
    "build-many": ((1.00, "plain"), (1.10, "plain")),
    "build-idle": ((2, None), (5, None)),
    "build-nothing": ((0.2, None), (0.5, None)),
    "build-leaf": ((0.5, None), (1.0, None)),
    "four": ((1.00, "kernel"), (1.10, "kernel")),
}


def median(values):
    return statistics.median(values)


def noise(values):
    """How far the middle half of the values lies apart, as a part of the median."""
    if len(values) < 2 or not median(values):
        return 0.0
    if len(values) < 4:
        return (max(values) - min(values)) / abs(median(values))
    q = statistics.quantiles(values, n=4, method="inclusive")
    return (q[2] - q[0]) / abs(median(values))


class Results:
    def __init__(self):
        self.rows = {}      # row: {rival: {"values": [...], "unit", "files", "requests": [...]}}

    def add(self, row, rival, value, unit="s", files=None, requests=None):
        cell = self.rows.setdefault(row, {}).setdefault(
            rival, {"values": [], "unit": unit, "files": files, "requests": []})
        cell["values"].append(value)
        if requests is not None:
            cell["requests"].append(requests)

    def values(self, row, rival):
        return self.rows.get(row, {}).get(rival, {}).get("values", [])

    def ratio(self, row, rival, against):
        """Against somebody else's time for the same work in the same round, the median of all
        rounds; None where it cannot be said."""
        own = self.values(row, rival)
        if against in self.rows:
            other = self.values(against, rival)
        elif against == "peers":
            peers = [self.values(row, p) for p in FUSE_PEERS if self.values(row, p)]
            other = [min(x) for x in zip(*peers)]
        else:
            other = self.values(row, against)
        pairs = [a / b for a, b in zip(own, other) if b]
        return median(pairs) if pairs else None

    def verdict(self, row, rival):
        """("reach" | "at least" | "missed", what was compared), or None."""
        if row not in TARGETS or not rival.startswith("xsysfs") or not self.values(row, rival):
            return None
        said = []
        for word, (limit, against) in zip(("reach", "at least"), TARGETS[row]):
            if against is None:
                value = median(self.values(row, rival))
                if value <= limit:
                    return word, f"{show(value, self.rows[row][rival]['unit'])}"
                continue
            ratio = self.ratio(row, rival, against)
            if ratio is None:
                continue
            if f"{ratio:.2f} x {against}" not in said:
                said.append(f"{ratio:.2f} x {against}")
            if round(ratio, 2) <= round(limit, 2):
                return word, ", ".join(said)
        if not said and TARGETS[row][0][1] is not None:
            return None
        return "missed", ", ".join(said) or show(median(self.values(row, rival)),
                                                 self.rows[row][rival]["unit"])

    def round_trips(self, row, rival):
        """Per file (per run where there are no files): {kind: n}, and all together."""
        cell = self.rows[row][rival]
        if not cell["requests"]:
            return None
        kinds = {k for r in cell["requests"] for k in r}
        per = {k: median([r.get(k, 0) for r in cell["requests"]]) / (cell["files"] or 1)
               for k in kinds - NO_ROUND_TRIP}
        return {k: n for k, n in sorted(per.items(), key=lambda x: -x[1]) if n}


def show(value, unit):
    if unit == "s":
        return f"{value * 1000:.1f} ms" if value < 0.1 else f"{value:.3f} s"
    return f"{value:.1f} %" if unit == "%" else f"{value:.0f} {unit}"


def table(results, rivals):
    lines = []
    for row, cells in results.rows.items():
        lines.append(row)
        for rival in [r.name for r in rivals if r.name in cells]:
            cell = cells[rival]
            values = cell["values"]
            verdict = results.verdict(row, rival)
            spread = noise(values)
            note = f"  {verdict[0]}: {verdict[1]}" if verdict else ""
            trips = results.round_trips(row, rival)
            if trips is not None:
                what = "a file" if cell["files"] else "in all"
                note += f"  [{sum(trips.values()):.2f} round trips {what}]"
            lines.append(f"  {rival:15} {show(median(values), cell['unit']):>12}  +-{spread:4.0%}"
                         f"{' NOISY' if spread > NOISY else ''}{note}")
    return "\n".join(lines)


def kinds(results):
    """Which round trips there were, of each workload."""
    lines = []
    for row, cells in results.rows.items():
        for rival in cells:
            trips = results.round_trips(row, rival)
            if trips:
                lines.append(f"  {row:18} {rival:13} " + ", ".join(
                    f"{k} {n:.2f}" if cells[rival]["files"] else f"{k} {n:.0f}"
                    for k, n in trips.items() if n >= 0.005))
    return "\n".join(lines)


def machine(folder):
    def first(path, key):
        try:
            with open(path, encoding="utf-8", errors="replace") as f:
                for line in f:
                    if line.startswith(key):
                        return line.partition(":")[2].strip()
        except OSError:
            pass
        return ""

    def said(*command):
        try:
            return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  text=True, check=False).stdout.strip()
        except OSError:
            return ""
    return {
        "kernel": platform.release(), "arch": platform.machine(), "cores": os.cpu_count(),
        "cpu": first("/proc/cpuinfo", "model name"),
        "memory": first("/proc/meminfo", "MemTotal"),
        "disk": said("stat", "-f", "-c", "%T", folder),
        "gcc": said("gcc", "-dumpfullversion"), "libfuse": said("pkg-config", "--modversion", "fuse3"),
        "libc": " ".join(platform.libc_ver()),
    }


def as_json(results, rivals, about):
    rows = {}
    for row, cells in results.rows.items():
        rows[row] = {"rivals": {}}
        if row in TARGETS:
            rows[row]["reach"], rows[row]["at least"] = TARGETS[row]
        for rival, cell in cells.items():
            verdict = results.verdict(row, rival)
            rows[row]["rivals"][rival] = {
                "values": cell["values"], "unit": cell["unit"], "median": median(cell["values"]),
                "noise": noise(cell["values"]), "noisy": noise(cell["values"]) > NOISY,
                "files": cell["files"], "round_trips": results.round_trips(row, rival),
                "verdict": verdict[0] if verdict else None,
                "compared": verdict[1] if verdict else None,
            }
    return {**about, "rivals": {r.name: {"about": r.about, "version": r.version()} for r in rivals},
            "rows": rows}
