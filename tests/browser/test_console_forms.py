"""Every form of the console filled in once, as its user does, with what it then shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.browser.desk import bare, code_of, opened, settle, shop, sign_in

if TYPE_CHECKING:
    from tests.console.world import Shop

pytestmark = pytest.mark.browser
__all__ = ["bare", "opened", "shop"]


def choose(page: Any, box: Any, label: str) -> None:
    """Open a select and take an option."""
    box.click()
    page.locator(".el-select-dropdown__item:visible", has_text=label).first.click()


def field(dialog: Any, label: str) -> Any:
    return dialog.locator(".el-form-item", has_text=label).first


def test_a_profile_tags_and_identifiers_are_edited(shop: Shop, opened: Any, shoot: Any) -> None:
    with opened(shop, path=f"members/{code_of(shop, 1)}") as page:
        settle(page)
        profile = page.locator("section.card", has_text="complete")
        profile.get_by_role("button", name="Edit").click()
        dialog = page.get_by_role("dialog", name="Edit profile")
        field(dialog, "Name").locator("input").fill("王更新")
        field(dialog, "Address").locator("input").fill("上海市静安区一路 1 号")
        choose(page, field(dialog, "Favourite roast").locator(".el-select"), "Dark")
        settle(page)
        shoot(page, "console-profile-form", full=False)
        dialog.get_by_role("button", name="Save").click()
        page.locator("h1", has_text="王更新").wait_for()
        profile.get_by_text("Dark").wait_for()
        page.locator("section.card", has_text="Tags").last.get_by_role("button", name="Edit").click()
        tags = page.get_by_role("dialog", name="Edit tags")
        choose(page, tags.locator(".el-select"), "Has a baby")
        page.keyboard.press("Escape")
        tags.get_by_role("button", name="Save").click()
        page.locator(".tag", has_text="Has a baby").wait_for()
        page.locator("section.card", has_text="Identifiers").get_by_role("button", name="Add").click()
        identity = page.get_by_role("dialog", name="Add an identifier")
        choose(page, field(identity, "Kind").locator(".el-select"), "E-mail")
        field(identity, "Value").locator("input").fill("not an address")
        identity.get_by_role("button", name="Add").click()
        identity.locator(".el-form-item__error").wait_for()
        field(identity, "Value").locator("input").fill("wang@example.com")
        identity.get_by_role("button", name="Add").click()
        page.get_by_text("wang@example.com").wait_for()
        page.get_by_role("tab", name="Notes").click()
        page.get_by_placeholder("Write a note…").fill("喜欢靠窗")
        page.get_by_role("button", name="Save").click()
        page.locator(".note", has_text="喜欢靠窗").wait_for()


def test_points_are_held_and_a_tier_is_set_by_hand(shop: Shop, opened: Any, shoot: Any) -> None:
    with opened(shop, path=f"members/{code_of(shop, 0)}") as page:
        settle(page)
        page.get_by_role("button", name="More actions").click()
        page.get_by_role("menuitem", name="Hold points").click()
        dialog = page.get_by_role("dialog", name="Hold points")
        dialog.get_by_role("spinbutton").fill("10")
        field(dialog, "What for").locator("input").fill("B-1")
        dialog.get_by_role("button", name="Confirm").click()
        page.get_by_text("Points on hold").wait_for()
        page.get_by_role("button", name="Release").click()
        page.get_by_text("Points on hold").wait_for(state="hidden")
        page.get_by_role("button", name="More actions").click()
        page.get_by_role("menuitem", name="Change tier").click()
        dialog = page.get_by_role("dialog", name="Change the tier")
        choose(page, field(dialog, "Tier").locator(".el-select"), "Diamond")
        dialog.get_by_text("Lock it").click()
        field(dialog, "Reason").locator("textarea").fill("集团客户")
        shoot(page, "console-tier-form", full=False)
        dialog.get_by_role("button", name="Confirm").click()
        page.locator("section.card", has_text="Locked").first.wait_for()
        page.get_by_role("tab", name="Tier history").click()
        page.get_by_text("Changed by hand").first.wait_for()
        page.get_by_role("button", name="More actions").click()
        page.get_by_role("menuitem", name="Freeze").click()
        page.locator(".el-message-box").get_by_role("button", name="Freeze").click()
        page.locator("main .el-tag", has_text="Frozen").wait_for()


def test_points_that_wait_for_a_delivery_are_made_usable(shop: Shop, opened: Any) -> None:
    from datetime import timedelta

    from tests.console.world import order

    from regulars.facts.activity.types import LineIn

    line = LineIn(sku="tea", name="白桃乌龙", category="tea", amount=2_800)
    shop.post(order(shop, shop.members[5], "LOT-1", shop.now - timedelta(hours=1), line))
    with opened(shop, "operator", f"members/{code_of(shop, 5)}?tab=lots") as page:
        rows = page.locator("tr", has=page.get_by_role("button", name="Make usable now"))
        rows.first.wait_for()
        waiting = rows.count()
        rows.first.get_by_role("button", name="Make usable now").click()
        box = page.locator(".el-message-box")
        box.locator("textarea, input").first.fill("顾客已签收")
        box.get_by_role("button", name="Confirm").click()
        page.get_by_text("Saved").first.wait_for()
        settle(page)
        assert rows.count() == waiting - 1


def test_stores_tags_fields_and_activity_types_are_made(shop: Shop, opened: Any, shoot: Any) -> None:
    with opened(shop, path="settings/stores") as page:
        page.get_by_role("button", name="New store").click()
        dialog = page.get_by_role("dialog", name="New store")
        field(dialog, "Code").locator("input").fill("SZ001")
        dialog.locator(".names input").nth(0).fill("深圳南山店")
        dialog.locator(".names input").nth(1).fill("Shenzhen Nanshan")
        choose(page, field(dialog, "Region").locator(".el-select"), "South")
        shoot(page, "console-store-form", full=False)
        dialog.get_by_role("button", name="Save").click()
        page.locator("td", has_text="Shenzhen Nanshan").wait_for()
        page.get_by_role("button", name="New region").click()
        dialog = page.get_by_role("dialog", name="New region")
        field(dialog, "Code").locator("input").fill("east")
        dialog.locator(".names input").nth(0).fill("华东")
        dialog.locator(".names input").nth(1).fill("East")
        dialog.get_by_role("button", name="Save").click()
        page.get_by_text("This region code is taken").wait_for()

        page.goto(page.shop_url + "tags")
        page.get_by_role("button", name="New tag").click()
        dialog = page.get_by_role("dialog", name="New tag")
        field(dialog, "Code").locator("input").fill("night")
        dialog.locator(".names input").nth(0).fill("夜猫子")
        dialog.locator(".names input").nth(1).fill("Night owl")
        dialog.get_by_role("button", name="Save").click()
        page.locator("td", has_text="Night owl").wait_for()

        page.goto(page.shop_url + "settings/fields")
        page.get_by_role("button", name="New field").click()
        dialog = page.get_by_role("dialog", name="New field")
        field(dialog, "Key").locator("input").fill("cup_size")
        choose(page, field(dialog, "Type").locator(".el-select"), "One of")
        dialog.locator(".names input").nth(0).fill("杯型")
        dialog.locator(".names input").nth(1).fill("Cup size")
        dialog.get_by_role("button", name="Add a choice").click()
        for place, text in enumerate(("large", "大杯", "Large")):
            dialog.locator(".choice input").nth(place).fill(text)
        shoot(page, "console-field-form", full=False)
        dialog.get_by_role("button", name="Save").click()
        page.locator("td", has_text="Cup size").wait_for()

        page.goto(page.shop_url + "settings/activity-types")
        page.get_by_role("button", name="New type").click()
        dialog = page.get_by_role("dialog", name="New type")
        field(dialog, "Code").locator("input").fill("review")
        dialog.locator(".names input").nth(0).fill("写评价")
        dialog.locator(".names input").nth(1).fill("Review")
        dialog.get_by_role("button", name="Add a field").click()
        dialog.locator(".field input").first.fill("stars")
        choose(page, dialog.locator(".field .el-select").first, "Whole number")
        dialog.locator(".field input").nth(2).fill("星级")
        dialog.locator(".field input").nth(3).fill("Stars")
        shoot(page, "console-activity-type-form", full=False)
        dialog.get_by_role("button", name="Save").click()
        page.locator("td", has_text="Stars").wait_for()


def test_people_roles_and_the_brand_are_set_up(shop: Shop, opened: Any, shoot: Any) -> None:
    with opened(shop, path="settings/roles") as page:
        page.get_by_role("button", name="New role").click()
        dialog = page.get_by_role("dialog", name="New role")
        field(dialog, "Key").locator("input").fill("care")
        dialog.locator(".names input").nth(0).fill("关怀专员")
        dialog.locator(".names input").nth(1).fill("Care")
        dialog.get_by_text("See members, personal data masked").click()
        shoot(page, "console-role-form", full=False)
        dialog.get_by_role("button", name="Save").click()
        page.locator("section.role", has_text="Care").first.wait_for()

        page.goto(page.shop_url + "settings/staff")
        page.get_by_role("button", name="Add a person").click()
        dialog = page.get_by_role("dialog", name="Add a person")
        field(dialog, "Name").locator("input").fill("李关怀")
        field(dialog, "Email").locator("input").fill("care@example.com")
        field(dialog, "First password").locator("input").fill("a long enough phrase")
        choose(page, dialog.locator(".grant .el-select").nth(0), "Care")
        choose(page, dialog.locator(".grant .el-select").nth(2), "Shanghai Xuhui")
        shoot(page, "console-staff-form", full=False)
        dialog.get_by_role("button", name="Save").click()
        row = page.locator("tr", has_text="李关怀")
        row.get_by_text("Shanghai Xuhui").wait_for()
        row.get_by_role("button").click()
        page.get_by_role("menuitem", name="Deactivate").click()
        page.locator(".el-message-box").get_by_role("button", name="Deactivate").click()
        row.get_by_text("Deactivated").wait_for()

        page.goto(page.shop_url + "settings/brand")
        settle(page)
        field(page, "Headline · English").locator("input").fill("Your usual is ready")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("Saved").wait_for()
        page.reload()
        settle(page)
        assert field(page, "Headline · English").locator("input").input_value() == "Your usual is ready"


def test_units_tiers_and_benefits_of_a_draft_are_edited(shop: Shop, opened: Any, shoot: Any) -> None:
    with opened(shop, "operator", "programme/units?v=1") as page:
        page.get_by_role("button", name="Start a draft").click()
        page.get_by_role("button", name="New unit").wait_for()
        settle(page)
        units = page.locator(".unit").count()
        page.get_by_role("button", name="New unit").click()
        page.locator(".unit").nth(units).wait_for()
        page.locator("nav").first.get_by_role("link", name="Tiers", exact=True).click()
        page.get_by_role("button", name="Add a tier").click()
        page.locator(".tier input[lang=en]").first.fill("Black")
        page.locator(".tier input[lang=zh-CN]").first.fill("黑卡会员")
        first = page.locator(".tier").first
        first.get_by_role("spinbutton").fill("20000")
        first.get_by_role("spinbutton").press("Tab")
        choose(page, first.locator(".metric"), "Growth earned")
        page.locator("nav").first.get_by_role("link", name="Benefits").click()
        page.get_by_role("button", name="New benefit").first.click()
        dialog = page.get_by_role("dialog", name="New benefit")
        dialog.locator(".names input").nth(0).fill("专属品鉴会")
        dialog.locator(".names input").nth(1).fill("Private tasting")
        dialog.get_by_text("Black").click()
        assert dialog.get_by_role("button", name="Done").is_disabled(), "a benefit is for some tier"
        dialog.get_by_text("Black").click()
        dialog.get_by_role("spinbutton").fill("2")
        dialog.get_by_role("spinbutton").press("Tab")
        shoot(page, "console-benefit-form", full=False)
        dialog.get_by_role("button", name="Done").click()
        page.get_by_text("Private tasting").wait_for()
        page.get_by_role("button", name="Save draft").click()
        page.get_by_text("Draft saved").wait_for()
        page.reload()
        settle(page)
        page.get_by_text("Private tasting").wait_for()
        page.locator("nav").first.get_by_role("link", name="Units").click()
        settle(page)
        assert page.locator(".unit").count() == units + 1
        shoot(page, "console-units-draft")


def test_ones_password_is_changed_from_the_account_menu(shop: Shop, opened: Any) -> None:
    from tests.console.world import PASSWORD

    with opened(shop, "auditor", "members") as page:
        page.get_by_role("button", name="Account").click()
        page.get_by_role("menuitem", name="Change password").click()
        dialog = page.get_by_role("dialog", name="Change password")
        old, new, again = (dialog.locator("input").nth(n) for n in range(3))
        old.fill(PASSWORD)
        new.fill("a quite different one")
        again.fill("a quite different two")
        dialog.get_by_role("button", name="Save").last.click()
        dialog.get_by_text("The two do not match").wait_for()
        again.fill("a quite different one")
        dialog.get_by_role("button", name="Save").last.click()
        page.get_by_text("Password changed").wait_for()
        page.reload()
        page.locator("main h1").wait_for()
        page.get_by_role("button", name="Account").click()
        page.get_by_role("menuitem", name="Sign out").click()
        sign_in(page, shop.emails["auditor"], "a quite different one")
        page.locator("main#content").wait_for()
