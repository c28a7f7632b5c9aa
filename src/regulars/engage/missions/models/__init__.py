"""Tables of missions, check-ins, badges, boards and draws."""

from regulars.engage.missions.models.draws import (
    Draw,
    DrawChance,
    DrawPlay,
    DrawSeat,
    DrawSeed,
    DrawSlot,
    DrawVersion,
)
from regulars.engage.missions.models.missions import Mission, MissionMark, MissionRun, MissionVersion
from regulars.engage.missions.models.play import (
    Badge,
    BadgeGrant,
    Board,
    BoardChoice,
    BoardClose,
    BoardMark,
    CheckinDay,
    CheckinSetting,
    CheckinState,
)

__all__ = [
    "Badge",
    "BadgeGrant",
    "Board",
    "BoardChoice",
    "BoardClose",
    "BoardMark",
    "CheckinDay",
    "CheckinSetting",
    "CheckinState",
    "Draw",
    "DrawChance",
    "DrawPlay",
    "DrawSeat",
    "DrawSeed",
    "DrawSlot",
    "DrawVersion",
    "Mission",
    "MissionMark",
    "MissionRun",
    "MissionVersion",
]
