"""The one condition language: rules, segments, journeys, benefits and coupons ask their questions in it."""
