"""The door of care at work: save and start plans, see who is next, weigh what came of it, run what is due."""

from regulars.flows.care.feeding import follow, measure, register
from regulars.flows.care.keeping import choices_of_birthday, let_members_choose, put_plan, set_state
from regulars.flows.care.looking import Ahead, preview, weigh
from regulars.flows.care.passes import carry_out, run_due
from regulars.flows.care.ready_made import READY_MADE, install_ready_made, install_templates

__all__ = [
    "READY_MADE",
    "Ahead",
    "carry_out",
    "choices_of_birthday",
    "follow",
    "install_ready_made",
    "install_templates",
    "let_members_choose",
    "measure",
    "preview",
    "put_plan",
    "register",
    "run_due",
    "set_state",
    "weigh",
]
