"""The door of missions and play: definitions are kept, members take part, due work follows."""

from __future__ import annotations

from regulars.engage.missions.api import missions as kept
from regulars.flows.missions import badges as badge_flow
from regulars.flows.missions import boards as board_flow
from regulars.flows.missions import checkins as checkin_flow
from regulars.flows.missions import coding, editing, filling, following
from regulars.flows.missions import draws as draw_flow
from regulars.flows.missions.boards import Friend
from regulars.flows.missions.checkins import CheckedIn
from regulars.flows.missions.draws import Drawn
from regulars.flows.missions.taking import Card, cards_of, give_badge, take_up
from regulars.platform.due import api as due

check_in = checkin_flow.check_in
make_up = checkin_flow.make_up
play = draw_flow.play
chances = draw_flow.chances
change_seed = draw_flow.change_seed
check_draw_open = draw_flow.check_open
names_of = board_flow.names_of
put_mission = editing.put_mission
put_checkin = editing.put_checkin
put_badge = editing.put_badge
put_board = editing.put_board
put_draw = editing.put_draw
install_new_member_path = editing.install_new_member_path
export_badges = coding.export_badges
export_boards = coding.export_boards
export_checkin = coding.export_checkin
export_draws = coding.export_draws
export_missions = coding.export_missions
apply_badge = coding.apply_badge
apply_board = coding.apply_board
apply_checkin = coding.apply_checkin
apply_draw = coding.apply_draw
apply_mission = coding.apply_mission
look_again = following.look_again
follow = following.follow
count = following.count
fill_boards = filling.fill_due
fill_board = filling.fill
close_boards = board_flow.close_due
count_friends = board_flow.count_friends
follow_badges = badge_flow.follow_events
ask_badges = badge_flow.ask_due
ask_badge = badge_flow.ask_everybody
words_of_badges = badge_flow.words_of
progress_of_badges = badge_flow.progress_of


def register() -> None:
    """Tell the worker."""
    due.register("missions.follow", following.follow, every_seconds=1)
    due.register("missions.check", following.check_due, every_seconds=60)
    due.register("missions.expire", kept.expire_due, every_seconds=30)
    due.register("badges.follow", badge_flow.follow_events, every_seconds=1)
    due.register("badges.ask", badge_flow.ask_due, every_seconds=5)
    due.register("boards.fill", filling.fill_due, every_seconds=5)
    due.register("boards.close", board_flow.close_due, every_seconds=600)
    due.register("draws.rotate", draw_flow.rotate_due, every_seconds=3600)


__all__ = [
    "Card",
    "CheckedIn",
    "Drawn",
    "Friend",
    "apply_badge",
    "apply_board",
    "apply_checkin",
    "apply_draw",
    "apply_mission",
    "ask_badge",
    "ask_badges",
    "cards_of",
    "chances",
    "change_seed",
    "check_draw_open",
    "check_in",
    "close_boards",
    "count",
    "count_friends",
    "export_badges",
    "export_boards",
    "export_checkin",
    "export_draws",
    "export_missions",
    "fill_board",
    "fill_boards",
    "follow",
    "follow_badges",
    "give_badge",
    "install_new_member_path",
    "look_again",
    "make_up",
    "names_of",
    "play",
    "progress_of_badges",
    "put_badge",
    "put_board",
    "put_checkin",
    "put_draw",
    "put_mission",
    "register",
    "take_up",
    "words_of_badges",
]
