"""One module for each provider whose messages the pretend shop can send."""

from bot.sandbox.payments.form import Form
from bot.sandbox.payments.forms import (
    generic,
    gumroad,
    kofi,
    lemonsqueezy,
    nowpayments,
    paddle,
    patreon,
    standard,
    stripe,
    whop,
    woocommerce,
)

# In the order in which the page offers them.
FORMS: dict[str, Form] = {
    form.id: form
    for form in (
        standard.FORM,
        stripe.FORM,
        stripe.OLD_FORM,
        whop.FORM,
        lemonsqueezy.FORM,
        paddle.FORM,
        gumroad.FORM,
        woocommerce.FORM,
        kofi.FORM,
        nowpayments.FORM,
        patreon.FORM,
        generic.FORM,
    )
}
