"""Work that can grow unseen, counted and never timed: imports of commands, drawings of figures, gradients of fits."""

import subprocess
import sys
from collections import Counter

import pytest

import bayes_escc as be

LISTED = (
    "import sys\n"
    "from bayes_escc.cli import main\n"
    "code = main(sys.argv[1:])\n"
    "print('\\nIMPORTED', *sorted({n.split('.')[0] for n in sys.modules if sys.modules[n] is not None}))\n"
    "print('MODULES', *sorted(n for n in sys.modules if sys.modules[n] is not None))\n"
    "sys.exit(code)\n"
)
SAMPLERS = {"pymc", "pytensor", "nutpie", "arviz", "numba"}
CLUSTERS = {"dask", "distributed"}
TABLES = {"pandas", "xarray", "pyarrow"}


def imported_by(*arguments, **options):
    """Names of packages, and of all modules, imported by a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", LISTED, *arguments], capture_output=True, text=True, check=True, **options
    )
    packages, modules = done.stdout.splitlines()[-2:]
    return set(packages.split()[1:]), set(modules.split()[1:])


@pytest.mark.parametrize(
    "command",
    [
        ("compare", "A=10/29", "B=12/35"),
        ("pool", "ESCORT=0.71,0.57,0.87", "RATIONALE=0.70,0.57,0.85"),
        ("models",),
        ("datasets",),
    ],
    ids=lambda command: command[0],
)
def test_what_is_answered_at_the_prompt_needs_no_tables_and_no_sampler(command):
    packages, _ = imported_by(*command)
    assert not packages & {*SAMPLERS, *CLUSTERS, *TABLES, "matplotlib", "scipy", "jinja2"}


def test_a_closed_form_needs_neither_sampler_nor_scipy(tmp_path):
    packages, _ = imported_by("run", "second_line_response", "--no-figures", "--out", str(tmp_path / "out"))
    assert {"pandas", "xarray", "h5py"} <= packages
    assert not packages & {*SAMPLERS, *CLUSTERS, "matplotlib", "scipy", "h5netcdf", "jinja2"}


def test_a_fit_by_sampling_needs_no_cluster_no_figures_and_once_kept_no_compiler(tmp_path):
    command = ("run", "second_line_pfs_weibull", "--no-figures", "--out", str(tmp_path / "out"))
    imported_by(*command)  # compiles the model, and keeps it and its starting point
    packages, modules = imported_by(*command)
    assert (tmp_path / "out" / "result.json").exists()
    assert "nutpie" in packages
    assert not packages & {*CLUSTERS, "jinja2", "matplotlib", "arviz", "arviz_plots", "pymc", "pytensor"}
    assert not modules & {"scipy.stats", "scipy.special", "scipy.linalg", "scipy.fft"}


VERDICT = """
import sys
from bayes_escc.analysis import find_analysis
from bayes_escc.runs.run import run_analysis
run_analysis(find_analysis("second_line_pfs_weibull"), "out", when_known=lambda _: print("KNOWN", *sorted(sys.modules)))
print("AFTER", *sorted(sys.modules))
"""


def test_the_verdict_of_a_fit_by_sampling_is_known_before_anything_of_figures_is_loaded(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", VERDICT], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    before, after = (set(next(line for line in done if line.startswith(w)).split()) for w in ("KNOWN", "AFTER"))
    assert not before & {"matplotlib", "arviz", "arviz_stats", "arviz_plots"}
    assert "matplotlib" in after
    assert "arviz_plots" not in after


def test_a_command_calculates_in_one_thread_unless_it_is_told(monkeypatch):
    code = (
        "import os\nfrom bayes_escc.cli import main\n"
        "main(['compare', 'A=1/9', 'B=2/9'])\nprint(os.environ['OPENBLAS_NUM_THREADS'])"
    )
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    for told, wanted in ((None, "1"), ("3", "3")):
        if told:
            monkeypatch.setenv("OPENBLAS_NUM_THREADS", told)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == wanted


def test_figures_of_a_closed_form_need_no_sampler(tmp_path):
    packages, modules = imported_by("run", "second_line_response", "--out", str(tmp_path / "out"))
    assert "matplotlib" in packages
    assert not packages & {*SAMPLERS, *CLUSTERS}
    assert not modules & {"scipy.stats", "matplotlib.pyplot"}


def test_a_figure_is_drawn_once_to_place_it_and_once_in_each_form(monkeypatch):
    """`savefig` draws everything once more before each form; nothing of that may come back unseen."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    from bayes_escc.plots.style import figure_files
    from bayes_escc.runs.figures import drawings_of

    posterior = be.ResponseModel(endpoint="ORR").fit(be.load_dataset("second_line_cohorts"))
    times = Counter()

    def counted(owner, name):
        original = getattr(owner, name)

        def call(self, *arguments):
            times[name] += 1
            return original(self, *arguments)

        monkeypatch.setattr(owner, name, call)

    counted(Figure, "draw")
    counted(ConstrainedLayoutEngine, "execute")
    for draw in drawings_of(posterior, [posterior.compare()]).values():
        times.clear()
        assert set(figure_files(draw())) == {".svg", ".png"}
        assert times == {"draw": 3, "execute": 1}


@pytest.mark.parametrize(("name", "expected"), [("Weibull", 3.5), ("independent piecewise", 3.6)])
def test_a_fit_takes_as_many_gradients_a_draw_as_it_did(name, expected):
    """Within a fifth: more is a metric or a step size that has become worse, and no answer would show it."""
    from bayes_escc.inference.nuts import first_tuning, sample
    from bayes_escc.runs.run import prepare_design
    from tests.benchmarks.paired import MODELS, patients

    model = MODELS[name]()
    design = prepare_design(model.analysis, patients(64))
    seconds = dict.fromkeys(("import", "compile", "sample"), 0.0)
    _, stats = sample(design, model.analysis.sampling, first_tuning(design), seconds)
    assert float(stats["n_steps"].mean()) == pytest.approx(expected, rel=0.2)


def test_a_command_runs_in_a_process_where_xarray_has_looked_for_dask(tmp_path):
    """It remembers that Dask is installed, so that a command which hid it from then on would fail."""
    code = """
from xarray.namedarray.utils import module_available
module_available("dask")  # as reading a file asks
from bayes_escc.cli import main
raise SystemExit(main(["run", "second_line_response", "--no-figures", "--out", "out"]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
