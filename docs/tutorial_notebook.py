# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # From label images to a report, in Python
#
# This notebook reads what `gains run my-cells.yaml` made, as in the tutorial, which says how to
# open it in Jupyter.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from gains.datasets.coco import read_coco
from gains.prediction.files import read_predictions
from gains.running.check import problems
from gains.running.choice import find_project
from gains.study.opening import open_study
from gains.tables.cells import read_cells
from gains.tables.certainty.sections import judge_table
from gains.tables.of_study import table_spec

# %% [markdown]
# ## The study and its images
#
# Jupyter starts in the folder of the notebook, but the paths of a study begin in that of the
# project. `problems` lists what `gains check` would refuse; the list should be empty.

# %%
os.chdir(find_project())
study = open_study("my-cells.yaml")
problems(study)

# %%
cells = read_coco(study.coco("my-cells"))
areas = pd.DataFrame(
    [
        (image.file_name, int(mask.sum()))
        for number, image in cells.images.items()
        for mask in cells.instances(number).stack()
    ],
    columns=["image", "area in px"],
)
areas.groupby("image").describe()

# %% [markdown]
# ## The table
#
# A line for each method and class, in percent: `subset` is a class or the average over classes.

# %%
spec = table_spec(study, "comparison")
judged = judge_table(spec)
table = read_cells(spec, judged)
table[["row", "subset", "images", "mAP", "AJI_clean", "Dice_clean", "F1_clean"]]

# %% [markdown]
# ## How sure is it?
#
# Intervals of 95% over the test images, ranks, and the difference of each pair of methods with its
# corrected p value.

# %%
certainty = pd.read_csv(Path(study.results) / "tables" / "comparison.certainty.csv")
certainty[["row", "minus", "metric", "value", "low", "high", "rank", "p_holm"]]

# %% [markdown]
# ## A test image with the predictions of the first method
#
# The brightness is the number of objects that a pixel belongs to.

# %%
run = next(iter(study.runs()))
predicted = read_predictions(study.run_folder(run) / "test.predictions.json.gz", cells)
number, found = next(iter(predicted.items()))
plt.imshow(found.stack()[found.scores >= 0.5].sum(axis=0))
plt.title(cells.images[number].file_name)
plt.show()

# %% [markdown]
# ## The report
#
# The same with all pictures, in one file to mail.

# %%
Path(study.results, "report.html").stat().st_size
