"""`Trackable`: an object whose attributes a checkpoint follows, also those that come later."""


class Trackable:
    """Base of `Module` and the like.

    While a checkpoint waits for parts of the object that do not exist yet, `_restoring` is set: it is told of every new
    attribute, and gives the variables in it their values.
    """

    def __setattr__(self, name, value):
        waiting = self.__dict__.get("_restoring")
        if waiting is not None and name != "_restoring":
            value = waiting.attached(name, value)
        super().__setattr__(name, value)
