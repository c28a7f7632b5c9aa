from django.apps import AppConfig


class RecommendConfig(AppConfig):
    name = "regulars.insight.recommend"
    label = "recommend"
