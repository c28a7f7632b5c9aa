"""Door of members: enrol, resolve, read, edit; the brand's tags and custom fields."""

from regulars.facts.members.api.counting import (
    count_by_tag,
    count_by_tier,
    count_joined_by_day,
    count_members,
    numbers_of,
)
from regulars.facts.members.api.editing import (
    add_identity,
    add_note,
    list_notes,
    remove_identity,
    tag_members,
    update_member,
    verify_identity,
)
from regulars.facts.members.api.enrolling import enrol_many, resolve
from regulars.facts.members.api.profiling import profiling_is_on, profiling_off, set_profiling
from regulars.facts.members.api.reaching import addresses_of, open_address, plain_names_of, reach
from regulars.facts.members.api.reading import (
    briefs_of,
    codes_of,
    get_card,
    list_members,
    names_of,
    personal_facts,
)
from regulars.facts.members.api.selecting import count_matching, list_ids, person_keys
from regulars.facts.members.api.vocabulary import (
    attribute_facts,
    condition_fields,
    delete_tag,
    get_field,
    list_fields,
    list_tags,
    put_field,
    put_tag,
)

__all__ = [
    "add_identity",
    "add_note",
    "addresses_of",
    "attribute_facts",
    "briefs_of",
    "codes_of",
    "condition_fields",
    "count_by_tag",
    "count_by_tier",
    "count_joined_by_day",
    "count_matching",
    "count_members",
    "delete_tag",
    "enrol_many",
    "get_card",
    "get_field",
    "list_fields",
    "list_ids",
    "list_members",
    "list_notes",
    "list_tags",
    "names_of",
    "numbers_of",
    "open_address",
    "person_keys",
    "personal_facts",
    "plain_names_of",
    "profiling_is_on",
    "profiling_off",
    "put_field",
    "put_tag",
    "reach",
    "remove_identity",
    "resolve",
    "set_profiling",
    "tag_members",
    "update_member",
    "verify_identity",
]
