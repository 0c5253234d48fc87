"""Addresses of the Virtual Observatory. They stay: registries and scripts know them.

A base address is right with and without a slash at its end, because a redirect would lose what a client adds to it.
"""

from django.urls import path

from almagest.vo import views
from almagest.vo.scs import views as scs

app_name = "vo"

urlpatterns = [
    path("", views.index, name="index"),
    path("availability", views.availability, name="availability"),
    path("scs/<str:kind>/<str:slug>", scs.cone, name="cone"),
    path("scs/<str:kind>/<str:slug>/", scs.cone),
    path("scs/<str:kind>/<str:slug>/capabilities", scs.capabilities, name="capabilities"),
]
