"""How well the reader reads and answers, measured through the real services.

* transcribe: whole pages of unseen text, character error rate = edit distance ÷ characters of the truth, white space
  left out on both sides, since where a line was wrapped is not part of the text; in code mode also the lines that are
  right to the column.
* planted: facts put into unseen documents of 1 to 80 pages, with rivals of the same key or the same entity beside them,
  asked for in wordings that nothing is trained on; and questions whose answer is not there.
* eval: the questions of a folder (docs/, questions.jsonl).
* outline: the headings of unseen documents, F1 with and without their levels.
* latency: first token, asked in general and about one of its lines, and decoding speed for one long document.

An answer is right when it equals an accepted one after folding case, width, spaces and final punctuation, abstained
when the reader said that the document does not tell, else silently wrong. For absent facts abstaining is right.
Beside the reader stand its control, the same questions about the same pages left blank, and a baseline, the line that
shares most words with the question, right if it contains the answer.
"""
