"""What axe finds on a page of a browser; it comes with each page, and what it found in order stays there."""

from axe_playwright_python.async_playwright import Axe

_FIND = """impacts => axe.run({resultTypes: ["violations"]}).then(found => found.violations
    .filter(each => impacts.includes(each.impact))
    .map(each => [each.id, each.nodes.map(node => node.html.slice(0, 200))]))"""


async def bring_axe(context):
    """Load it into each page that is opened from now on."""
    await context.add_init_script(Axe().axe_script)


async def grave_mistakes(page):
    """Return the rules that the page breaks to the harm of somebody, each with its places."""
    return await page.evaluate(_FIND, ["serious", "critical"])
