"""The public face: plans how a document is read, calls renderer and reader, climbs down the ladder, streams answers."""
