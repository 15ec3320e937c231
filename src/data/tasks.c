#include "data/tasks.h"

#include <stddef.h>
#include <string.h>

#define NONE                                                                                       \
    {                                                                                              \
        ACF_COLUMN_NONE, NULL                                                                      \
    }

static const char *const zero_one[] = {"0", "1"};
static const char *const cifar10[] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                      "dog",      "frog",       "horse", "ship", "truck"};
static const char *const fashion[] = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                                      "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
static const char *const cifar100_fine[] = {
    "apple",       "aquarium_fish", "baby",      "bear",       "beaver",       "bed",
    "bee",         "beetle",        "bicycle",   "bottle",     "bowl",         "boy",
    "bridge",      "bus",           "butterfly", "camel",      "can",          "castle",
    "caterpillar", "cattle",        "chair",     "chimpanzee", "clock",        "cloud",
    "cockroach",   "couch",         "crab",      "crocodile",  "cup",          "dinosaur",
    "dolphin",     "elephant",      "flatfish",  "forest",     "fox",          "girl",
    "hamster",     "house",         "kangaroo",  "keyboard",   "lamp",         "lawn_mower",
    "leopard",     "lion",          "lizard",    "lobster",    "man",          "maple_tree",
    "motorcycle",  "mountain",      "mouse",     "mushroom",   "oak_tree",     "orange",
    "orchid",      "otter",         "palm_tree", "pear",       "pickup_truck", "pine_tree",
    "plain",       "plate",         "poppy",     "porcupine",  "possum",       "rabbit",
    "raccoon",     "ray",           "road",      "rocket",     "rose",         "sea",
    "seal",        "shark",         "shrew",     "skunk",      "skyscraper",   "snail",
    "snake",       "spider",        "squirrel",  "streetcar",  "sunflower",    "sweet_pepper",
    "table",       "tank",          "telephone", "television", "tiger",        "tractor",
    "train",       "trout",         "tulip",     "turtle",     "wardrobe",     "whale",
    "willow_tree", "wolf",          "woman",     "worm"};
static const char *const cifar100_coarse[] = {"aquatic_mammals",
                                              "fish",
                                              "flowers",
                                              "food_containers",
                                              "fruit_and_vegetables",
                                              "household_electrical_devices",
                                              "household_furniture",
                                              "insects",
                                              "large_carnivores",
                                              "large_man-made_outdoor_things",
                                              "large_natural_outdoor_scenes",
                                              "large_omnivores_and_herbivores",
                                              "medium_mammals",
                                              "non-insect_invertebrates",
                                              "people",
                                              "reptiles",
                                              "small_mammals",
                                              "trees",
                                              "vehicles_1",
                                              "vehicles_2"};
static const char *const entailment[] = {"entailment", "not_entailment"};
static const char *const inference[] = {"entailment", "neutral", "contradiction"};

static const acf_task table[] = {
    {.name = "cola",
     .preset = true,
     .train = {false, {3, NULL}, NONE, {1, NULL}},
     .test = {true, {1, "sentence"}, NONE, NONE},
     .labels = zero_one,
     .K = 2,
     .metric = {"mcc", "accuracy"},
     .submission = "CoLA.tsv"},
    {.name = "sst2",
     .preset = true,
     .train = {true, {0, "sentence"}, NONE, {1, "label"}},
     .test = {true, {1, "sentence"}, NONE, NONE},
     .labels = zero_one,
     .K = 2,
     .metric = {"accuracy"},
     .submission = "SST-2.tsv"},
    {.name = "mrpc",
     .preset = true,
     .pair = true,
     .train = {true, {3, "#1 String"}, {4, "#2 String"}, {0, "Quality"}},
     .test = {true, {3, "#1 String"}, {4, "#2 String"}, NONE},
     .labels = zero_one,
     .K = 2,
     .metric = {"f1", "accuracy"},
     .submission = "MRPC.tsv"},
    {.name = "stsb",
     .preset = true,
     .pair = true,
     .train = {true, {7, "sentence1"}, {8, "sentence2"}, {ACF_COLUMN_LAST, "score"}},
     .test = {true, {7, "sentence1"}, {8, "sentence2"}, NONE},
     .K = 1,
     .regression = true,
     .low = 0.0,
     .high = 5.0,
     .metric = {"pearson", "spearman"},
     .submission = "STS-B.tsv"},
    {.name = "qqp",
     .preset = true,
     .pair = true,
     .train = {true, {3, "question1"}, {4, "question2"}, {5, "is_duplicate"}},
     .test = {true, {1, "question1"}, {2, "question2"}, NONE},
     .labels = zero_one,
     .K = 2,
     .metric = {"accuracy", "f1"},
     .submission = "QQP.tsv"},
    {.name = "mnli",
     .preset = true,
     .pair = true,
     .train = {true, {8, "sentence1"}, {9, "sentence2"}, {ACF_COLUMN_LAST, "gold_label"}},
     .test = {true, {8, "sentence1"}, {9, "sentence2"}, NONE},
     .file = {[ACF_DEV] = "dev_matched.tsv",
              [ACF_TEST] = "test_matched.tsv",
              [ACF_DEV_MM] = "dev_mismatched.tsv",
              [ACF_TEST_MM] = "test_mismatched.tsv"},
     .labels = inference,
     .K = 3,
     .metric = {"accuracy"},
     .submission = "MNLI-m.tsv",
     .submission_mm = "MNLI-mm.tsv"},
    {.name = "qnli",
     .preset = true,
     .pair = true,
     .train = {true, {1, "question"}, {2, "sentence"}, {ACF_COLUMN_LAST, "label"}},
     .test = {true, {1, "question"}, {2, "sentence"}, NONE},
     .labels = entailment,
     .K = 2,
     .metric = {"accuracy"},
     .submission = "QNLI.tsv"},
    {.name = "rte",
     .preset = true,
     .pair = true,
     .train = {true, {1, "sentence1"}, {2, "sentence2"}, {ACF_COLUMN_LAST, "label"}},
     .test = {true, {1, "sentence1"}, {2, "sentence2"}, NONE},
     .labels = entailment,
     .K = 2,
     .metric = {"accuracy"},
     .submission = "RTE.tsv"},
    {.name = "wnli",
     .preset = true,
     .pair = true,
     .train = {true, {1, "sentence1"}, {2, "sentence2"}, {ACF_COLUMN_LAST, "label"}},
     .test = {true, {1, "sentence1"}, {2, "sentence2"}, NONE},
     .labels = zero_one,
     .K = 2,
     .metric = {"accuracy"},
     .submission = "WNLI.tsv"},
    {.name = "ax",
     .preset = true,
     .pair = true,
     .answered_by = "mnli",
     .train = {true, {1, "sentence1"}, {2, "sentence2"}, {ACF_COLUMN_LAST, "label"}},
     .test = {true, {1, "sentence1"}, {2, "sentence2"}, {ACF_COLUMN_LAST, "label"}},
     .file = {[ACF_DEV] = "diagnostic.tsv", [ACF_TEST] = "diagnostic.tsv"},
     .labels = inference,
     .K = 3,
     .metric = {"mcc", "accuracy"},
     .submission = "AX.tsv"},
    {.name = "cifar10",
     .preset = true,
     .image = true,
     .train = {false, NONE, NONE, NONE},
     .test = {false, NONE, NONE, NONE},
     .labels = cifar10,
     .K = 10,
     .metric = {"accuracy"}},
    {.name = "cifar100",
     .preset = true,
     .image = true,
     .train = {false, NONE, NONE, NONE},
     .test = {false, NONE, NONE, NONE},
     .labels = cifar100_fine,
     .K = 100,
     .metric = {"accuracy"}},
    {.name = "fashion-mnist",
     .preset = true,
     .image = true,
     .train = {false, NONE, NONE, NONE},
     .test = {false, NONE, NONE, NONE},
     .labels = fashion,
     .K = 10,
     .metric = {"accuracy"}},
    {.name = "text",
     .train = {false, NONE, NONE, NONE},
     .test = {false, NONE, NONE, NONE},
     .metric = {"accuracy"}},
    {.name = "image",
     .image = true,
     .train = {false, NONE, NONE, NONE},
     .test = {false, NONE, NONE, NONE},
     .metric = {"accuracy"}},
};

const acf_task *acf_task_find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i].name, name) == 0) return &table[i];
    return NULL;
}

acf_cifar_column acf_task_cifar_column(const char *column)
{
    if (column == NULL || strcmp(column, "fine") == 0 || strcmp(column, "fine_label") == 0)
        return ACF_COLUMN_FINE;
    return strcmp(column, "coarse") == 0 || strcmp(column, "coarse_label") == 0 ? ACF_COLUMN_COARSE
                                                                                : ACF_COLUMN_OTHER;
}

const char *const *acf_task_labels(int *K, const acf_task *task, const char *column)
{
    *K = task->K;
    if (task->labels != cifar100_fine || acf_task_cifar_column(column) != ACF_COLUMN_COARSE)
        return task->labels;
    *K = sizeof cifar100_coarse / sizeof *cifar100_coarse;
    return cifar100_coarse;
}

const acf_task *acf_task_at(int i)
{
    return i >= 0 && (size_t)i < sizeof table / sizeof table[0] ? &table[i] : NULL;
}
