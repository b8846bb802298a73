"""`Dockerfile` and `.dockerignore`: what the image is made of, and in which order."""

import tomllib
from pathlib import PurePosixPath

from compose_file import ROOT, SERVICES

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
DEPENDENCIES = "uv sync --no-dev --extra dask --extra s3 --no-install-project"

Stage = list[tuple[str, str]]


def instructions() -> Stage:
    """Return the Dockerfile's instructions, each with its words on one line."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    whole = text.replace("\\\n", " ").splitlines()
    pairs = [line.partition(" ") for line in whole if line]
    return [(name, " ".join(words.split())) for name, _, words in pairs]


def stages() -> tuple[Stage, Stage]:
    """Return the instructions of the two stages, each from its `FROM` on."""
    every = instructions()
    starts = [place for place, (name, _) in enumerate(every) if name == "FROM"]
    assert len(starts) == 2
    assert starts[0] == 0
    return every[: starts[1]], every[starts[1] :]


def words_of(stage: Stage, instruction: str) -> list[str]:
    """Return the arguments of each instruction of that name."""
    return [words for name, words in stage if name == instruction]


def settings(stage: Stage) -> dict[str, str]:
    """Return the variables that a stage sets."""
    pairs = [pair for line in words_of(stage, "ENV") for pair in line.split()]
    return dict(pair.split("=", 1) for pair in pairs)


def let_in() -> list[str]:
    """Return what `.dockerignore` takes out of "nothing"."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and line[0] != "#"]
    assert rules[0] == "*"
    return [rule.removeprefix("!") for rule in rules if rule.startswith("!")]


def test_both_stages_stand_on_one_named_python() -> None:
    """One base, named to the patch version, of the Python that the project is for."""
    build, final = stages()
    (named,) = words_of(final, "FROM")
    assert words_of(build, "FROM") == [f"{named} AS build"]
    version = (ROOT / ".python-version").read_text().strip()
    assert named.startswith(f"python:{version}.")
    assert named.split(":")[1].count(".") == 2


def test_packages_come_before_the_code() -> None:
    """A change of code reuses the layer of packages: only `pyproject.toml` is above."""
    build, _ = stages()
    place = next(at for at, (_, words) in enumerate(build) if DEPENDENCIES in words)
    assert words_of(build[:place], "COPY") == ["pyproject.toml ./"]
    assert words_of(build[place:], "COPY") == [". ."]
    assert build[-1][1].endswith("uv sync --no-dev --extra dask --extra s3")


def test_the_image_holds_the_project_and_nothing_else() -> None:
    """`.dockerignore` allows the packages and what installing them needs."""
    needed = ["pyproject.toml", "prefect.yaml", PROJECT["project"]["readme"]]
    assert sorted(let_in()) == sorted([*needed, *PACKAGES])
    assert [name for name in let_in() if not (ROOT / name).exists()] == []


def test_tools_and_caches_stay_in_the_first_stage() -> None:
    """The final stage takes the environment and the project from the first."""
    _, final = stages()
    assert words_of(final, "COPY") == [
        "--from=build /opt/venv /opt/venv",
        "--from=build /app /app",
    ]
    assert not any("pip" in words or "uv " in words for _, words in final)


def test_nobody_is_root() -> None:
    """The user is a number, set before the last instruction and not changed."""
    _, final = stages()
    assert words_of(final, "USER") == ["10001:10001"]
    made = words_of(final, "RUN")[0]
    assert "useradd --uid 10001" in made
    assert final[-2:][0][0] == "USER"


def test_volumes_are_the_users_folders() -> None:
    """What the worker mounts is made in the image for its user, and is in use."""
    _, final = stages()
    mounted = [one.split(":")[1] for one in SERVICES["worker"]["volumes"]]
    made = words_of(final, "RUN")[0].split("--group=overnight ")[1].split()
    assert made == mounted
    kept = settings(final)
    assert [kept["OVERNIGHT_HOME"], kept["HF_HOME"]] == mounted


def test_all_else_that_is_written_goes_to_a_folder_that_can_be() -> None:
    """The root file system is read-only, so caches and notes lie under /tmp."""
    _, final = stages()
    kept = settings(final)
    names = ("HOME", "PREFECT_HOME", "PREFECT_SERVER_UI_STATIC_DIRECTORY")
    tops = {PurePosixPath(kept[name]).parts[1] for name in names}
    assert tops == {"tmp"}


def test_the_environment_is_found_without_a_shell() -> None:
    """The environment's programs come first on the path, where uv put them."""
    build, final = stages()
    environment = settings(build)["UV_PROJECT_ENVIRONMENT"]
    assert settings(final)["PATH"] == f"{environment}/bin:$PATH"


def test_no_build_step_is_given_a_secret() -> None:
    """No build argument, and no variable whose name suggests a secret."""
    every = instructions()
    assert words_of(every, "ARG") == []
    names = settings(every)
    assert [name for name in names if "PASS" in name or "AUTH" in name] == []


def test_commands_need_no_shell() -> None:
    """The image's command is a list, so no shell runs it."""
    _, final = stages()
    assert words_of(final, "CMD") == ['["overnight", "--help"]']
    assert words_of(final, "ENTRYPOINT") == []
