"""What members say: mood, topics and needs in Chinese and English."""
