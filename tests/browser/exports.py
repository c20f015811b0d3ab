"""Use the export dialog in a browser."""

from playwright.sync_api import Page, expect


def choose_format(page: Page, label: str) -> None:
    """Choose a format in the open dialog."""
    page.get_by_role("radio", name=label, exact=True).click()
    expect(page.get_by_role("button", name=f"Download {label}")).to_be_visible()


def download(page: Page, label: str) -> bytes:
    """Return the file that a button of the open dialog downloads."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name=label, exact=True).click()
    return waiting.value.path().read_bytes()


def choose(page: Page, field: str, option: str) -> None:
    """Choose an option in a select box of the open dialog."""
    page.get_by_role("dialog").get_by_role("combobox", name=field).click()
    page.get_by_role("option", name=option, exact=True).click()


def close(page: Page) -> None:
    """Close the open dialog."""
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
