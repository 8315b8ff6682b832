# --- the doors -------------------------------------------------------------------------------------------------------

beside
case ${1:-} in
collect) collect "${2:-}" ;;
look) look ;;
act) act ;;
work) work "${2:-}" ;;
restart) sleep 1; systemctl reboot ;;
*) echo 'collect | look | act' >&2; exit 2 ;;
esac
