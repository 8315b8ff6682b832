"""What other actors would do: the published rules of kubeadm, Cluster API, Talos, fleet managers and autoscalers.

Oakum works where others act too. Each module here is the rules of one of them for one kind of question, written from
its public documentation, with sources; a question comes as one request and gets one answer (``kinds``). Nothing here
decides for Oakum: these rules tell what somebody else allows, refuses or does next.
"""
