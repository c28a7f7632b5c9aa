"""The command `regulars`. Each subcommand is a module beside this one, imported only when it is asked for.

A new command is a module with a function `run` (plain typer parameters; its docstring is the help) and a line in
`COMMANDS`. A command that touches the database begins with `with open_project(...)` from `regulars.project.opening`.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys

from regulars.kit.errors import Refusal
from regulars.kit.text import Language
from regulars.project.plainly import PlainError, say

# name on the command line → (module, what it does in zh, in en)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "serve": (
        "serve",
        "启动全部:数据库、迁移、网站与后台",
        "start everything: database, migrations, web and worker",
    ),
    "migrate": ("migrate", "更新数据库表结构", "bring the database's tables up to date"),
    "worker": ("worker", "只运行后台任务", "run the worker alone"),
    "demo": ("demo", "用一年的真实购物记录填充演示品牌", "fill the demo brand from a year of real shopping"),
    "import": (
        "imports",
        "从 CSV、Excel 或 Parquet 导入订单或会员",
        "import orders or members from CSV, Excel or Parquet",
    ),
    "programme": (
        "programme",
        "方案即代码:导出、比对、应用一份 YAML",
        "programme as code: export, plan and apply one YAML file",
    ),
    "warehouse": (
        "warehouse",
        "数据仓库:导出、查看",
        "the warehouse: export, status",
    ),
    "insight": (
        "insight",
        "立即运行洞察计算(RFM、价值、流失……)",
        "learn from what members did, now (RFM, value, churn …)",
    ),
    "reconcile": ("reconcile", "证明分录、余额与批次一致", "prove that entries, balances and lots agree"),
    "createstaff": ("createstaff", "创建可登录的员工账号", "create a member of staff who may sign in"),
    "manage": ("manage", "运行 Django 自带的管理命令", "run one of Django's own management commands"),
}


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the console script. An expected refusal ends in one plain sentence and a non-zero exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(overview())
        return
    if arguments[0] in ("-V", "--version"):
        from importlib.metadata import version

        print(version("regulars"))
        return
    name = arguments[0]
    try:
        if name not in COMMANDS or not _arrived(name):
            raise PlainError(
                zh=f"没有命令“{name}”;运行 regulars --help 查看全部命令。",
                en=f"There is no command '{name}'; regulars --help lists them.",
                exit_code=2,
            )
        try:
            _run(name, arguments[1:])
        except Refusal as refusal:
            raise PlainError(zh=_sentence(refusal, "zh"), en=_sentence(refusal, "en")) from refusal
    except PlainError as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(refusal.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


def _sentence(refusal: Refusal, language: Language) -> str:
    """What a room refused, with the fields it refused, on one line."""
    said = [error.message.in_language(language) for error in refusal.errors]
    whole = ": ".join([refusal.message.in_language(language), *(["; ".join(said)] if said else [])])
    return whole + ("。" if language == "zh" else ".")


def overview() -> str:
    """What `regulars --help` prints."""
    lines = [
        say(zh="常客 Regulars:自托管的会员运营系统", en="Regulars (常客): member operations, self-hosted"),
        "",
        say(
            zh="用法:regulars 命令 [选项];regulars 命令 --help 看详细说明",
            en="usage: regulars COMMAND [OPTIONS]; regulars COMMAND --help says more",
        ),
        "",
    ]
    lines += [f"  {name:<12} {say(zh=zh, en=en)}" for name, (_, zh, en) in COMMANDS.items() if _arrived(name)]
    return "\n".join(lines)


def _arrived(name: str) -> bool:
    return importlib.util.find_spec(f"regulars.surfaces.cli.{COMMANDS[name][0]}") is not None


def _run(name: str, arguments: list[str]) -> None:
    import typer

    module = importlib.import_module(f"regulars.surfaces.cli.{COMMANDS[name][0]}")
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(**getattr(module, "SETTINGS", {}))(module.run)
    app(args=arguments, prog_name=f"regulars {name}")


if __name__ == "__main__":
    main()
