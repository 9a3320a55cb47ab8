"""
The payment gateway (支付网关) of the simulated town: another party, as WeChat Pay and Alipay are.

It shares no code with the utility: it signs with its own key, knows only the merchant's public one,
keeps its own book of what was paid, and tells of it by real HTTP.
"""
